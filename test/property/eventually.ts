import { setImmediate } from 'node:timers/promises'

const GIVES_UP_MILLISECONDS = 30_000

/** Asks again until the answer is there; undefined means not yet. Gives up only when something is really stuck. */
export const eventually = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> => {
  const end = performance.now() + GIVES_UP_MILLISECONDS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > end) throw new Error(`did not come about: ${what}`)
    await setImmediate()
  }
}
