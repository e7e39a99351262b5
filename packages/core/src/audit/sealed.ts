import type { Finding, Linked } from './chain.ts'
import type { SealClaims } from './proof.ts'
import { dayAfter, digestOfSeal, LATE_DAYS, type Leaf, rootOfLeaves, sealIdOf } from './seal.ts'

export type SealFault =
  /** The signature is not one of a published key, or the seal says something else than what is signed. */
  | 'seal_forged'
  /** The seal of a day between two others is not there, or another stands in its place. */
  | 'seal_missing'
  /** The list of events that is kept with a seal is not the one that was sealed. */
  | 'seal_leaves_changed'
  | 'sealed_event_changed'
  | 'sealed_event_missing'
  /** It says of itself that it happened long before, and no seal knows of it. */
  | 'event_unsealed'

/** A seal whose signature is good, with its text and the events that it is over. */
export interface ReadSeal {
  readonly claims: SealClaims
  readonly seal: string
  readonly leaves: readonly Leaf[]
}

const ofSeal = (fault: SealFault, day: string, detail: string): Finding<SealFault> => ({
  fault,
  entity: sealIdOf(day),
  detail,
})

/** Each seal holds the hash of the one before and is over the day after it; given in the order of the days. */
export const faultsOfSeals = (seals: readonly ReadSeal[]): readonly Finding<SealFault>[] =>
  seals.flatMap((read, index) => [...outOfLine(read, seals[index - 1]), ...withOtherLeaves(read)])

const outOfLine = ({ claims }: ReadSeal, before: ReadSeal | undefined): readonly Finding<SealFault>[] => {
  const { day, previous } = claims
  if (!before)
    return previous === ''
      ? []
      : [ofSeal('seal_missing', dayAfter(day, -1), 'there was a seal before the first')]
  if (dayAfter(before.claims.day) !== day)
    return [ofSeal('seal_missing', dayAfter(before.claims.day), `the next seal is that of ${day}`)]
  if (previous === digestOfSeal(before.seal)) return []
  return [
    ofSeal(
      'seal_missing',
      before.claims.day,
      `the seal of ${day} follows another seal of ${before.claims.day}`,
    ),
  ]
}

const withOtherLeaves = ({ claims, leaves }: ReadSeal): readonly Finding<SealFault>[] => {
  const { day, events, root } = claims
  if (leaves.length === events && rootOfLeaves(leaves) === root) return []
  return [
    ofSeal(
      'seal_leaves_changed',
      day,
      `it is over other events than the ${leaves.length} that are kept with it`,
    ),
  ]
}

const placeOf = (entity: string, version: number): string => `${entity}@${version}`

/** Holds the events to the seals that are over them. */
export const faultsUnderSeals = (
  seals: readonly ReadSeal[],
  events: readonly Linked[],
): readonly Finding<SealFault>[] => {
  const there = new Map(events.map((event) => [placeOf(event.subject, event.version), event]))
  const leaves = seals.flatMap((read) => read.leaves.map((leaf) => ({ leaf, day: read.claims.day })))
  const known = new Set(leaves.map(({ leaf }) => leaf.hash))
  const broken = leaves.flatMap(({ leaf, day }): readonly Finding<SealFault>[] => {
    const event = there.get(placeOf(leaf.entity, leaf.version))
    if (event?.leaf === leaf.hash) return []
    const at = { entity: leaf.entity, version: leaf.version, eventId: leaf.eventId }
    return event
      ? [{ fault: 'sealed_event_changed', ...at, detail: `it is not what was sealed on ${day}` }]
      : [{ fault: 'sealed_event_missing', ...at, detail: `it was there when ${day} was sealed` }]
  })
  const last = seals.at(-1)?.claims.day
  const backdated = events.filter(
    ({ leaf, day }) => last !== undefined && day <= dayAfter(last, -LATE_DAYS) && !known.has(leaf),
  )
  return [
    ...broken,
    ...backdated.map(({ subject, version, id, day }) => ({
      fault: 'event_unsealed' as const,
      entity: subject,
      version,
      eventId: id,
      detail: `it says that it happened on ${day}, and no seal knows of it`,
    })),
  ]
}
