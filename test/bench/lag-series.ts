import type { Passage } from './road.ts'

/** Events committed and not yet readable, at equal steps from the first commit on. */
export interface LagSeries {
  readonly stepMilliseconds: number
  /** At the end of each step; the last is 0. */
  readonly outstanding: readonly number[]
}

const STEPS_MILLISECONDS = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000] as const
const MOST_STEPS = 24

export const lagSeries = (passages: readonly Passage[]): LagSeries => {
  const begun = Math.min(...passages.map(({ acknowledgedAt }) => acknowledgedAt))
  const ended = Math.max(...passages.map(({ readableAt }) => readableAt))
  const stepMilliseconds =
    STEPS_MILLISECONDS.find((step) => step * MOST_STEPS >= ended - begun) ?? (ended - begun) / MOST_STEPS
  const steps = Math.max(1, Math.ceil((ended - begun) / stepMilliseconds))
  const outstanding = Array.from({ length: steps }, (_, step) => {
    const at = Math.min(begun + (step + 1) * stepMilliseconds, ended)
    return passages.filter(({ acknowledgedAt, readableAt }) => acknowledgedAt <= at && readableAt > at).length
  })
  return { stepMilliseconds, outstanding }
}

/** Per second, from the first commit to the last row. */
export const throughput = (passages: readonly Passage[]): number => {
  const begun = Math.min(...passages.map(({ acknowledgedAt }) => acknowledgedAt))
  const ended = Math.max(...passages.map(({ readableAt }) => readableAt))
  return (passages.length * 1_000) / (ended - begun)
}

const BARS = ' ▁▂▃▄▅▆▇█'

/** One bar per value, the highest full; what is not nothing is seen. */
export const sparkline = (values: readonly number[]): string => {
  const most = Math.max(...values, 1)
  return values.map((value) => BARS[Math.ceil((value / most) * (BARS.length - 1))]).join('')
}
