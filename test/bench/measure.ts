/** What was measured: every sample, in one unit, sorted. */
export interface Samples {
  readonly sorted: readonly number[]
}

export const samples = (values: readonly number[]): Samples => ({ sorted: [...values].sort((a, b) => a - b) })

/** The value that `share` (0 to 1) of the samples do not exceed. */
export const quantile = ({ sorted }: Samples, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? Number.NaN

export const median = (measured: Samples): number => quantile(measured, 0.5)

export type Work = () => unknown

export interface Rounds {
  readonly rounds: number
  /** Calls timed together, so that the clock's own cost is not measured. */
  readonly batch: number
  readonly warmUp?: number
}

/**
 * Microseconds per call of each piece of work, sampled by turns in one process: whatever else the machine does meets
 * all of them alike.
 */
export const interleaved = async <Name extends string>(
  works: Readonly<Record<Name, Work>>,
  { rounds, batch, warmUp = batch * 20 }: Rounds,
): Promise<Readonly<Record<Name, Samples>>> => {
  const names = Object.keys(works) as Name[]
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (const name of names) await timed(works[name], warmUp)
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed())
      measured[name].push(await timed(works[name], batch))
  }
  return Object.fromEntries(names.map((name) => [name, samples(measured[name])])) as Record<Name, Samples>
}

/** Microseconds per call. Only what is a promise is awaited: a turn of the event loop costs as much as a small check. */
const timed = async (work: Work, batch: number): Promise<number> => {
  const start = performance.now()
  for (let call = 0; call < batch; call++) {
    const result = work()
    if (result instanceof Promise) await result
  }
  return ((performance.now() - start) * 1_000) / batch
}

/** Does a piece of work so many times, so many at once. */
export const times = async <T>(
  count: number,
  atOnce: number,
  work: () => Promise<T>,
): Promise<readonly T[]> => {
  const results: T[] = []
  let begun = 0
  const worker = async () => {
    while (begun++ < count) results.push(await work())
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
