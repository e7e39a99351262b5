/** Where a story is told: on this machine, deployed to an emulator of AWS, or there with every function held to its role. */
export const WORLD_NAMES = ['local', 'emulator', 'emulator-iam'] as const
export type WorldName = (typeof WORLD_NAMES)[number]

/** The world that `COUNTERSIGN_WORLD` names; this machine unless it says otherwise. */
export const worldName = (): WorldName => {
  const named = process.env.COUNTERSIGN_WORLD || 'local'
  const known = WORLD_NAMES.find((name) => name === named)
  if (!known) throw new Error(`COUNTERSIGN_WORLD is one of ${WORLD_NAMES.join(', ')}, not "${named}"`)
  return known
}

export interface Elsewhere {
  readonly what: string
  readonly where: 'local' | 'emulator'
  readonly reason: string
}

/** What was left out of this world, in the order in which it was met. */
export const leftOut: Elsewhere[] = []

/**
 * What one world alone can do. It is registered there and nowhere else; elsewhere one line says what is missing and why,
 * and the list of `test/acceptance/worlds.golden.txt` names it.
 */
export const only = (where: Elsewhere['where'], reason: string, what: string, register: () => void): void => {
  const here = worldName() === 'local' ? 'local' : 'emulator'
  if (here === where) {
    register()
    return
  }
  leftOut.push({ what, where, reason })
  process.stderr.write(`NOT IN THIS WORLD (${worldName()}): ${what}: ${reason}\n`)
}
