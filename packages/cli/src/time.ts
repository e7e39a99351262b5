const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** Of a unit before it is used, so that rounding hides little: `90 minutes`, not `2 hours`. */
const AT_LEAST = 2

const FORMAT = new Intl.RelativeTimeFormat('en')

/** `in 29 days`, `3 minutes ago`; the text itself where it is no time. */
export const relative = (instant: string | null | undefined, now: Date): string => {
  if (!instant) return ''
  const seconds = Math.round((Date.parse(instant) - now.getTime()) / 1_000)
  if (Number.isNaN(seconds)) return instant
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= size * AT_LEAST) ?? ['second', 1]
  return seconds === 0 ? 'now' : FORMAT.format(Math.round(seconds / length), unit)
}

/** The instant, and how far it is. */
export const both = (instant: string | null | undefined, now: Date): string =>
  instant ? `${instant} (${relative(instant, now)})` : ''
