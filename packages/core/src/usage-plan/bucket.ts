import type { Throttle } from './usage-plan.ts'

/** A token bucket as it was left. */
export interface Bucket {
  readonly tokens: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export interface Drawn {
  readonly bucket: Bucket
  /** 0: there was a token. Else how long until there is one. */
  readonly waitMilliseconds: number
}

/** Takes one token: `burstLimit` of them in a full bucket, `rateLimit` a second run in. A clock set back takes none away. */
export const draw = (bucket: Bucket | undefined, { rateLimit, burstLimit }: Throttle, now: number): Drawn => {
  const { tokens, at } = bucket ?? { tokens: burstLimit, at: now }
  const elapsed = Math.max(0, now - at)
  const filled = Math.min(burstLimit, tokens + (elapsed * rateLimit) / 1_000)
  const left = filled >= 1 ? filled - 1 : filled
  const waitMilliseconds = filled >= 1 ? 0 : Math.ceil(((1 - filled) / rateLimit) * 1_000)
  return { bucket: { tokens: left, at: now }, waitMilliseconds }
}
