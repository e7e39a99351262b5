import { type Command, SLOTS } from './commands.ts'
import { taken } from './operations.ts'
import type { Cause } from './oracle.ts'
import type { World } from './world.ts'

/** Where nobody is let in: everywhere, in an environment, at an API, or at an API in an environment. */
interface Scope {
  readonly everywhere?: true
  readonly api?: string
  readonly environment?: string
}

const EVERYWHERE: Scope = { everywhere: true }
const scopesAt = ({ name, environment }: (typeof SLOTS)[number]): readonly Scope[] => [
  EVERYWHERE,
  { environment },
  { api: name },
  { api: name, environment },
]
const SCOPES: readonly Scope[] = [EVERYWHERE, ...SLOTS.flatMap((slot) => scopesAt(slot).slice(1))]

const causeOf = ({ api = 'every API', environment = 'every environment' }: Scope): Cause =>
  `locked ${api} in ${environment}`

/** What a lockdown that covers a gateway is called. */
export const lockdownsAt = (slot: number): readonly Cause[] => {
  const at = SLOTS[slot]
  return at ? scopesAt(at).map(causeOf) : []
}

/** Those of one API by its name: another that takes the name later is not locked down. */
export const lockdownsOfApi = (slot: number): readonly Cause[] => lockdownsAt(slot).slice(2)

export const beginLockdown = ({ oracle }: World, pick: number): Command => {
  const scope = taken(SCOPES, pick) ?? EVERYWHERE
  return {
    route: 'POST /lockdowns',
    body: { ...scope, because: 'a leak' },
    refuses: [causeOf(scope)],
    learn: () => void oracle.lockdowns.push(JSON.stringify(scope)),
  }
}

/** More often than not of one that stands. */
export const liftLockdown = ({ oracle }: World, pick: number): Command => {
  const standing = taken(oracle.lockdowns, pick >> 3)
  const scope: Scope =
    standing === undefined || pick % 8 === 0 ? (taken(SCOPES, pick >> 3) ?? EVERYWHERE) : JSON.parse(standing)
  return {
    route: 'POST /lockdowns/lifting',
    body: { ...scope, because: 'it is over' },
    undoes: [causeOf(scope)],
    lifts: true,
    learn: () => {
      const at = oracle.lockdowns.indexOf(JSON.stringify(scope))
      if (at >= 0) oracle.lockdowns.splice(at, 1)
    },
  }
}
