import { setTimeout } from 'node:timers/promises'

const PATIENCE_MILLISECONDS = 60_000

/** Looks until it is so. */
export const eventually = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + PATIENCE_MILLISECONDS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it never came to this: ${what}`)
    await setTimeout(25)
  }
}
