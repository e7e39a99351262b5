import * as Access from '@countersign/core/access/module'
import type { EventOf } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import { epochSeconds } from '@countersign/core/shared'

export interface RebuildServices {
  readonly ledger: Ledger
  readonly storedRows: Access.StoredRows
  readonly clock: () => Date
  readonly pause: (milliseconds: number) => Promise<unknown>
}

const PAGE = 200

/** The log of an entity, page by page. */
export async function* eventsOf(
  { ledger }: Pick<RebuildServices, 'ledger'>,
  subject: string,
): AsyncGenerator<EventOf> {
  let after: string | undefined
  do {
    const page = await ledger.events({ subject, limit: PAGE, after })
    yield* page.items
    after = page.next
  } while (after !== undefined)
}

export interface Look {
  readonly comparisons: readonly Access.Comparison[]
  readonly differences: readonly Access.RowDifference[]
  /** Milliseconds since the epoch; of the last event of its log. */
  readonly lastAt: number
}

/**
 * A unit as it is stored, and then its log: what a command writes at the same moment is in the log by then, so that a row is
 * never ahead of the log for that reason.
 */
export const lookAt = async (services: RebuildServices, unit: Access.Unit, lift: boolean): Promise<Look> => {
  const { rows, sources, isAsked = () => true } = unit
  const stored = await services.storedRows.inspect(rows)
  const fold = Access.foldOf((row, register) => rows.includes(row) && isAsked(register))
  let lastAt = 0
  for (const source of sources) {
    for await (const event of eventsOf(services, source)) {
      fold.add(event)
      lastAt = Math.max(lastAt, Date.parse(event.time))
    }
  }
  const now = epochSeconds(services.clock())
  const comparisons = rows.map((key) =>
    Access.compareRow({ key, seen: stored.get(key), logged: fold.row(key), isAsked, now, lift }),
  )
  return { comparisons, differences: comparisons.flatMap(({ differences }) => differences), lastAt }
}
