import { beginning, beginWith } from './beginning.ts'
import type { Bug } from './bugs.ts'
import { createChecks } from './checks.ts'
import type { Operation } from './operations.ts'
import { perform } from './perform.ts'
import { afflictStore } from './planted.ts'
import { checkQuiet } from './quiet.ts'
import type { Invariant, Violation } from './violation.ts'
import { createWorld } from './world.ts'

export interface Found {
  readonly invariant: Invariant
  readonly detail: string
  /** The operation after which it did not hold; as many as there are: when all was quiet. */
  readonly step: number
}

/** Plays the operations from the beginning, and says what did not hold first; `undefined` when everything held. */
export const play = async (
  seed: number,
  operations: readonly Operation[],
  bug?: Bug,
): Promise<Found | undefined> => {
  const world = await (bug ? beginWith(seed, bug) : createWorld(seed, undefined, await beginning()))
  try {
    const check = createChecks(world)
    for (const [step, operation] of operations.entries()) {
      await perform(world, operation)
      await afflictStore(world.store, world.now, bug)
      await check()
      const found = foundIn(world.violations, step)
      if (found) return found
    }
    await checkQuiet(world, check)
    return foundIn(world.violations, operations.length)
  } finally {
    world.store.close()
  }
}

const foundIn = ([first]: readonly Violation[], step: number): Found | undefined =>
  first && { invariant: first.invariant, detail: first.message, step }
