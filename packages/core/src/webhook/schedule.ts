/** Attempts of one delivery; then it lies among the dead letters. */
export const ATTEMPTS = 9

const FIRST_DELAY_SECONDS = 5
const GROWTH = 5
/** SQS hides a message for 12 hours at most, from the moment it was received. */
export const LONGEST_DELAY_SECONDS = 36_000

/**
 * Seconds until the next attempt: anything up to 5 s, 25 s, 2 min, 10 min, 52 min, 4 h, 10 h, 10 h, so that what failed
 * together does not come back together. A receiver that asks for longer gets it, up to the longest.
 */
export const delayAfter = (attempt: number, chance: number, retryAfterSeconds = 0): number => {
  const ceiling = Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * GROWTH ** (attempt - 1))
  return Math.min(LONGEST_DELAY_SECONDS, Math.max(Math.ceil(chance * ceiling), retryAfterSeconds))
}

/** RFC 9110 §10.2.3, in seconds from now: a number, or a date. Undefined for what is neither. */
export const retryAfterIn = (header: string | undefined, now: Date): number | undefined => {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1_000))
}
