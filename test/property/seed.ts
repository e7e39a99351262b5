/** From 0 (inclusive) to 1 (exclusive); the same numbers for the same seed (mulberry32). */
export type Random = () => number

export const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The seed of this run, printed so that the run can be had again: `SEED=n` in the environment replays it. */
export const seedOf = (suite: string): number => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
  process.stdout.write(`${suite}: SEED=${seed}\n`)
  return seed
}

/** A whole number from 0 to `below` - 1. */
export const wholeBelow = (random: Random, below: number): number => Math.floor(random() * below)

export const oneOf = <T>(random: Random, choices: readonly T[]): T => {
  const chosen = choices[wholeBelow(random, choices.length)]
  if (chosen === undefined) throw new Error('there is nothing to choose from')
  return chosen
}

export const shuffled = <T>(random: Random, items: readonly T[]): readonly T[] =>
  items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
