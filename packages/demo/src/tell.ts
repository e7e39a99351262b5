/** One line of the story: what happened, and how long it took. */
export type Tell = (line: string) => void

export class StoryBroken extends Error {}

/** Ends the story when a step did not do what it says. */
export function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new StoryBroken(otherwise)
}

export interface Step<T> {
  readonly said: string
  readonly value: T
}

/** Runs one step and tells what it says of itself. */
export const createTeller = (tell: Tell, now: () => number) => {
  let number = 0
  return async <T>(step: () => Promise<Step<T>>): Promise<T> => {
    number += 1
    const start = now()
    const { said, value } = await step()
    tell(`${String(number).padStart(2)}  ${said.padEnd(84)} ${duration(now() - start).padStart(8)}`)
    return value
  }
}

export const duration = (milliseconds: number): string =>
  milliseconds < 1_000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1_000).toFixed(2)} s`
