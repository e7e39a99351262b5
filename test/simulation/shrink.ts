import type { Bug } from './bugs.ts'
import type { Operation } from './operations.ts'
import { type Found, play } from './run.ts'

/**
 * The shortest part of a story, within so many tries, after which the same invariant does not hold (delta debugging):
 * pieces are left out, large ones first, then what befell the processes that are left.
 */
export const shrink = async (
  seed: number,
  operations: readonly Operation[],
  found: Found,
  bug?: Bug,
  tries = 400,
): Promise<readonly Operation[]> => {
  let kept = operations.slice(0, found.step + 1)
  let left = tries
  const fails = async (candidate: readonly Operation[]): Promise<boolean> => {
    left -= 1
    return (await play(seed, candidate, bug))?.invariant === found.invariant
  }
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1 && left > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  )
    for (let from = 0; from < kept.length && left > 0; ) {
      const without = kept.toSpliced(from, size)
      if (await fails(without)) kept = without
      else from += size
    }
  for (const [index, operation] of kept.entries()) {
    const { fate, ...calm } = operation
    if (fate && left > 0 && (await fails(kept.with(index, calm)))) kept = kept.with(index, calm)
  }
  return kept
}
