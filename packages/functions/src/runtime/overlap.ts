import { err, ok, type Result, secondsIn } from '@countersign/core/shared'
import * as z from 'zod'
import type { Refusal } from './problem.ts'

/** How long what a rotation replaces is still good unless it is said: a day, and never more than thirty. */
const USUAL_OVERLAP = '24h'
const LONGEST_OVERLAP_SECONDS = 30 * 86_400

export const Overlapping = z.strictObject({
  overlap: z.string().max(16).optional(),
  now: z.boolean().optional(),
})

/** In seconds. */
export const overlapOf = ({
  overlap,
  now = false,
}: z.output<typeof Overlapping>): Result<number, Refusal> => {
  const pointer = '/overlap'
  const refuse = (code: 'overlap_given_twice' | 'overlap_malformed', detail: string) =>
    err({ reason: code, detail, errors: [{ pointer, code, detail }] })
  if (now && overlap !== undefined) return refuse('overlap_given_twice', 'give overlap or now, not both')
  if (now) return ok(0)
  const seconds = secondsIn(overlap ?? USUAL_OVERLAP)
  return seconds !== undefined && seconds <= LONGEST_OVERLAP_SECONDS
    ? ok(seconds)
    : refuse('overlap_malformed', `"${overlap}" is no duration like 24h of at most 30 days`)
}
