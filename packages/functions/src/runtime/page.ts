import type { Page } from '@countersign/core/ledger'
import { err, ok, type Result } from '@countersign/core/shared'
import * as z from 'zod'
import type { Refusal } from './problem.ts'

/** 20 unless asked otherwise, 100 at most. */
export const PageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(1_024).optional(),
}

/** A cursor is the store's own position, wrapped so that nobody builds one by hand. */
export const readCursor = (cursor: string | undefined): Result<string | undefined, Refusal> => {
  if (cursor === undefined) return ok(undefined)
  const text = Buffer.from(cursor, 'base64url').toString()
  const [, position] = /^1:(.+)$/s.exec(text) ?? []
  const canonical = Buffer.from(text).toString('base64url') === cursor
  return position !== undefined && canonical ? ok(position) : err({ reason: 'cursor_invalid' })
}

export const pageView = <T, V>({ items, next }: Page<T>, view: (item: T) => V) => ({
  items: items.map(view),
  nextCursor: cursorAt(next),
})

export const cursorAt = (position: string | undefined): string | null =>
  position === undefined ? null : Buffer.from(`1:${position}`).toString('base64url')

/** `name=value` of what was asked for, as entities are labelled. */
export const labelsIn = (wanted: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
