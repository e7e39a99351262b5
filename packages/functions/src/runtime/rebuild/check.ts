import type { Access } from '@countersign/core/access'
import { type Look, lookAt, type RebuildServices } from './look.ts'

export interface Mode {
  /** Rows are made what the log says; otherwise they are only looked at. */
  readonly write: boolean
  /** Refusals that the log does not know of are taken away as well. */
  readonly lift: boolean
}

/** What gives access arrives later, so a row that is behind a young event is looked at again. */
const UNDERWAY_MILLISECONDS = 60_000
const PAUSE_MILLISECONDS = 500
const MOST_PAUSES = 10
const MOST_MENDS = 10

/** What differs in a unit for good. With `write` it is put right, and looked at until nothing but what stays differs. */
export const checkUnit = async (
  services: RebuildServices,
  unit: Access.Unit,
  mode: Mode,
): Promise<readonly Access.RowDifference[]> => {
  const look = await settledLook(services, unit, mode)
  if (mode.write) await mendUnit(services, unit, look, mode)
  return look.differences
}

const mendUnit = async (
  services: RebuildServices,
  unit: Access.Unit,
  { comparisons: first }: Look,
  { lift }: Mode,
): Promise<void> => {
  let comparisons = first
  for (let attempt = 0; attempt < MOST_MENDS; attempt++) {
    const wrong = comparisons.filter(({ isToMend }) => isToMend)
    if (wrong.length === 0) return
    for (const { key, seen, wanted } of wrong) await services.storedRows.mend(key, seen, wanted)
    comparisons = (await lookAt(services, unit, lift)).comparisons
  }
  throw new Error(`${unit.rows.join(', ')} kept changing`)
}

/** Twice at once, because a command may have come between the two halves of a look; and again while an event is young. */
const settledLook = async (
  services: RebuildServices,
  unit: Access.Unit,
  { write, lift }: Mode,
): Promise<Look> => {
  let look = await lookAt(services, unit, lift)
  if (look.differences.length > 0) look = await lookAt(services, unit, lift)
  if (write) return look
  for (let pauses = 0; pauses < MOST_PAUSES && isUnderway(services, look); pauses++) {
    await services.pause(PAUSE_MILLISECONDS)
    look = await lookAt(services, unit, lift)
  }
  return look
}

const isUnderway = ({ clock }: RebuildServices, { differences, lastAt }: Look): boolean =>
  clock().getTime() - lastAt < UNDERWAY_MILLISECONDS &&
  differences.some(({ finding }) => finding === 'missing' || finding === 'behind')
