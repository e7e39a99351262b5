const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** Seconds in `90s`, `15m`, `12h` or `30d`; undefined for anything else. */
export const secondsIn = (text: string): number | undefined => {
  const [, amount, unit] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? []
  return amount && unit ? Number(amount) * SECONDS[unit as keyof typeof SECONDS] : undefined
}

/** Whole seconds since the epoch, as JWT's NumericDate (RFC 7519 §2). */
export const epochSeconds = (instant: Date): number => Math.floor(instant.getTime() / 1_000)

/** RFC 3339 in UTC of a NumericDate. */
export const instantOf = (seconds: number): string => new Date(seconds * 1_000).toISOString()
