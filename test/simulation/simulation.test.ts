import { describe, expect, it } from 'vitest'
import { BUGS, type Bug } from './bugs.ts'
import { hunt } from './hunt.ts'
import { describeOperation, operationsOf } from './operations.ts'
import { type Found, play } from './run.ts'
import { shrink } from './shrink.ts'

const STEPS = 200
const SEEDS = 2_000
const LONGEST_MILLISECONDS = 900_000
/** The same stories every time, unless `SEED` begins elsewhere; new ones are found by `pnpm simulate`. */
const first = Number(process.env.SEED ?? 1)

/** In how many stories a planted defect has to be found. */
const WITHIN = 100

const firstFound = async (bug: Bug): Promise<{ seed: number; found: Found } | undefined> => {
  for (let seed = 1; seed <= WITHIN; seed++) {
    const found = await play(seed, operationsOf(seed, STEPS), bug)
    if (found) return { seed, found }
  }
  return undefined
}

describe('the whole platform, processes dying and messages lost, late, twice and in any order', () => {
  it(`holds every invariant after every step of ${SEEDS} stories`, {
    timeout: LONGEST_MILLISECONDS,
  }, async () => {
    const { played, failure } = await hunt({ first, seeds: SEEDS, steps: STEPS })
    if (failure) {
      const operations = operationsOf(failure.seed, STEPS)
      const short = await shrink(failure.seed, operations, failure.found)
      const told = short.map(describeOperation).join('\n')
      expect.fail(`simulate --seed ${failure.seed}: ${failure.found.detail}\n${told}`)
    }
    expect(played).toBe(SEEDS)
  })

  it('is told again by its seed, step by step and id by id', async () => {
    const bug = 'messages are deleted before they are handled'
    const [once, again] = [await firstFound(bug), await firstFound(bug)]
    expect(once).toBeDefined()
    expect(again).toEqual(once)
  })
})

describe('the simulation', () => {
  it.each(Object.entries(BUGS) as [Bug, string][])('finds out when %s (%s)', async (bug) => {
    expect(await firstFound(bug), `within ${WITHIN} stories`).toBeDefined()
  })

  it('tells a failure in as few steps as are needed for it', async () => {
    const bug = 'refusals come with the projector'
    const failure = await firstFound(bug)
    if (!failure) throw new Error('it was found before')
    const operations = operationsOf(failure.seed, STEPS)
    const short = await shrink(failure.seed, operations, failure.found, bug)
    expect(short.length).toBeLessThan(12)
    expect((await play(failure.seed, short, bug))?.invariant).toBe(failure.found.invariant)
    expect(await play(failure.seed, short), 'without the defect').toBeUndefined()
  })
})
