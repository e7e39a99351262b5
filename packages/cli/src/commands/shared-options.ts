import type { RequestOptions } from '@countersign/client'
import type { Context, Options } from '../command.ts'

export const NOTE = { note: { value: 'TEXT', help: 'for the audit log' } } as const satisfies Options

/** The key that was given, so that the same command again has no second effect. */
export const repeatable = ({ given }: Context): RequestOptions => ({
  idempotencyKey: given.text('idempotency-key'),
})
