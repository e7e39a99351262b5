import type { Outcome } from '@countersign/client'
import { expect, StoryBroken } from './tell.ts'

/** How long something that travels as an event may take to arrive before the story is given up. */
const PATIENCE_MILLISECONDS = 30_000

/** The body of an answer; the story ends when the platform refused. */
export const body = <T>(outcome: Outcome<T>, doing: string): T => {
  if (outcome.ok) return outcome.value.body
  const { error } = outcome
  throw new StoryBroken(`${doing}: ${error.reason === 'problem' ? error.problem.code : String(error.cause)}`)
}

/** Looks until there is something to see. */
export const eventually = async <T>(look: () => Promise<T | undefined>, otherwise: string): Promise<T> => {
  const end = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    expect(performance.now() < end, otherwise)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
