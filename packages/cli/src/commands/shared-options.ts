import type { RequestOptions } from '@countersign/client'
import { type Context, type Options, WrongUsage } from '../command.ts'

export const NOTE = { note: { value: 'TEXT', help: 'for the audit log' } } as const satisfies Options

export const OVERLAP = {
  overlap: { value: 'DURATION', help: 'how long the one before works: 24h unless given, 30d at most' },
  now: { help: 'the one before stops at once' },
} as const satisfies Options

/** What a rotation does with what it replaces. */
export const overlapIn = ({ given }: Context) => {
  const overlap = given.text('overlap')
  if (overlap !== undefined && given.flag('now')) throw new WrongUsage('give --overlap or --now, not both')
  return { overlap, ...(given.flag('now') && { now: true }) }
}

/** The key that was given, so that the same command again has no second effect. */
export const repeatable = ({ given }: Context): RequestOptions => ({
  idempotencyKey: given.text('idempotency-key'),
})
