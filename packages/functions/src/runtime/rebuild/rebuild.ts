import type { Access } from '@countersign/core/access'
import { enforcedInScope } from '../enforcement.ts'
import { checkUnit, type Mode } from './check.ts'
import { fenceUnits } from './fence.ts'
import type { RebuildServices } from './look.ts'
import { type Placed, placesIn, unitsOfDeployments, unitsOfRows, unitsWithoutRow } from './units.ts'

export const PHASES = ['fence', 'deployments', 'rows', 'consumers', 'sessions', 'tokens'] as const
export type Phase = (typeof PHASES)[number]

/** Where a rebuild that was interrupted goes on. */
export interface Position {
  readonly phase: Phase
  readonly after: string | undefined
}

export interface RebuildOptions extends Mode {
  /** From the beginning unless given. */
  readonly from?: Position | undefined
  /** Hears of each difference; with `write` after it was put right. */
  readonly found: (difference: Access.RowDifference) => void
  /** Hears where it has come to. */
  readonly reached?: (position: Position) => void
}

export interface Rebuilt {
  /** Units that were looked at. */
  readonly looked: number
  readonly differing: number
  /** Differences that are left: all of them without `write`, and refusals that the log does not know of with it. */
  readonly left: number
  /** RFC 3339: the instant from which no gateway answers by a row as it was before; undefined when no row was put right. */
  readonly enforcedBy: string | undefined
}

/** Units looked at at the same time. */
const AT_ONCE = 8

/**
 * Compares the read model with what the event log makes of it, and with `write` makes them the same while traffic flows:
 * the fence first, rows that there are next, rows that are missing last. It holds a page at a time, may be stopped
 * anywhere, and does nothing the second time.
 */
export const rebuildReadModel = async (
  services: RebuildServices,
  options: RebuildOptions,
): Promise<Rebuilt> => {
  const { from, found, reached = () => {}, write } = options
  const sum = { looked: 0, differing: 0, left: 0 }

  const check = async (units: readonly Access.Unit[]): Promise<void> => {
    const differences = await Promise.all(units.map((unit) => checkUnit(services, unit, options)))
    sum.looked += units.length
    for (const difference of differences.flat()) {
      found(difference)
      sum.differing += 1
      if (!write || difference.stays) sum.left += 1
    }
  }

  const places = await placesIn(services)
  const unitsOf: Readonly<Record<Phase, (after?: string) => AsyncIterable<Placed>>> = {
    fence: () => placed(fenceUnits(services, options)),
    deployments: () => unitsOfDeployments(places),
    rows: (after) => unitsOfRows(services, places, after),
    consumers: (after) => unitsWithoutRow(services, 'consumer', after),
    sessions: (after) => unitsWithoutRow(services, 'session', after),
    tokens: (after) => unitsWithoutRow(services, 'token', after),
  }
  for (const phase of PHASES.slice(from ? PHASES.indexOf(from.phase) : 0)) {
    const after = phase === from?.phase ? from.after : undefined
    let together: Access.Unit[] = []
    for await (const [unit, position] of unitsOf[phase](after)) {
      if (unit) together.push(unit)
      if (together.length < AT_ONCE) continue
      await check(together)
      together = []
      reached({ phase, after: position })
    }
    await check(together)
  }
  const enforcedBy =
    sum.differing > sum.left ? await enforcedInScope(services.ledger, {}, services.clock()) : undefined
  return { ...sum, enforcedBy }
}

async function* placed(units: Promise<readonly Access.Unit[]>): AsyncGenerator<Placed> {
  for (const unit of await units) yield [unit, undefined]
}
