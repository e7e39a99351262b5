import * as Access from '@countersign/core/access/module'
import type { EntityKind } from '@countersign/core/ledger'
import { epochSeconds } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import type { Mode } from './check.ts'
import { eventsOf, type RebuildServices } from './look.ts'
import { entitiesOf } from './units.ts'

/** Whose events write into the fence; a key ring has one log. */
const FENCED: readonly EntityKind[] = ['key-ring', 'consumer', 'revocation', 'lockdown']

/**
 * The entries of the fence that may differ, each to be looked at with the logs that make it. The fence is one row of few
 * entries, so what the log says of it is held at once. A copy that is gone, or that nobody can read, is written whole
 * first: a fence of some of its entries would let in what the others refuse.
 */
export const fenceUnits = async (services: RebuildServices, mode: Mode): Promise<readonly Access.Unit[]> => {
  const fold = await foldedFence(services)
  const stored = await services.storedRows.inspect(Access.FENCE_ROWS)
  const names = new Set<string>()
  for (const key of Access.FENCE_ROWS) {
    const [seen, logged] = [stored.get(key), fold.row(key)]
    const now = epochSeconds(services.clock())
    const compared = Access.compareRow({ key, seen, logged, isAsked: () => true, now, lift: mode.lift })
    const isLost = !seen || seen.unreadable.includes(Access.WHOLE_ROW)
    if (mode.write && isLost && compared.wanted) await services.storedRows.mend(key, seen, compared.wanted)
    const doubtful = isLost
      ? (logged?.registers.keys() ?? [])
      : compared.differences.map(({ register }) => register)
    for (const name of doubtful) names.add(name)
  }
  return [...names].map((name) => Access.fenceUnit((one) => one === name, sourcesOf(name)))
}

const foldedFence = async (services: RebuildServices): Promise<Access.LogFold> => {
  const fold = Access.foldOf((row) => Access.FENCE_ROWS.includes(row))
  for (const kind of FENCED)
    for await (const [entries] of entitiesOf(services, kind))
      for (const { id } of entries) for await (const event of eventsOf(services, id)) fold.add(event)
  return fold
}

/** Whose events make an entry of the fence. */
const sourcesOf = (entry: string): readonly string[] => {
  const [kind, target = 'everybody'] = entry.split('#', 2)
  switch (kind) {
    case 'kid':
      return [SigningKey.KEY_RING_ID]
    case 'consumer':
      return [target]
    case 'issued-before':
      return [target, `set-${target}`]
    case 'lockdown':
      return [entry]
    default:
      return []
  }
}
