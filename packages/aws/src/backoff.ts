/** Waits between attempts; time and chance are given, so that tests neither wait nor guess. */
export interface Backoff {
  /** In milliseconds. */
  readonly sleep: (milliseconds: number) => Promise<unknown>
  /** At least 0, less than 1. */
  readonly random: () => number
}

const FIRST_WAIT_MILLISECONDS = 25
const LONGEST_WAIT_MILLISECONDS = 400

/** Full jitter: two who collided do not collide again in step. */
export const waitOf = (attempt: number, random: () => number): number =>
  Math.ceil(random() * Math.min(LONGEST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** attempt))
