import { setTimeout } from 'node:timers/promises'

/** Where a call waits, so that calls follow each other at a distance. */
export type Pace = () => Promise<void>

export interface PaceOptions {
  readonly everyMilliseconds: number
  /** Milliseconds on a clock that only runs forward. */
  readonly now?: () => number
  readonly sleep?: (milliseconds: number) => Promise<unknown>
}

/** One call in every `everyMilliseconds`, whoever asks. */
export const paced = ({
  everyMilliseconds,
  now = () => performance.now(),
  sleep = setTimeout,
}: PaceOptions): Pace => {
  let next = 0
  return async () => {
    const at = Math.max(next, now())
    next = at + everyMilliseconds
    const wait = at - now()
    if (wait > 0) await sleep(wait)
  }
}
