import { digestOf } from '../shared/json.ts'
import { leafHashOf } from './seal.ts'

/** Where an entity's log ends, as the ledger keeps it beside the entity's state. */
export interface Head {
  readonly kind: string
  readonly id: string
  readonly version: number
  /** Hash of its last event. */
  readonly head: string
}

export type LogFault =
  /** What stands in the log is no event. */
  | 'event_unreadable'
  /** Its follower, or the head, holds the hash of another event. */
  | 'event_changed'
  /** Later events of the entity are there. */
  | 'event_missing'
  /** The head is further than the log. */
  | 'tail_missing'
  /** Two events stand in each other's place, or one stands there twice. */
  | 'event_out_of_place'
  /** The log is further than the head. */
  | 'head_behind'
  /** There are events of an entity that is not there. */
  | 'entity_missing'

/** Something is wrong with the log, and where. */
export interface Finding<Fault extends string = LogFault> {
  readonly fault: Fault
  /** Id of the entity; `?` where nobody can tell. */
  readonly entity: string
  /** Of the event in its entity's log. */
  readonly version?: number
  readonly eventId?: string
  /** In words. */
  readonly detail: string
}

/** What of an event its chain consists of. */
export interface Linked {
  readonly id: string
  readonly subject: string
  readonly version: number
  readonly previous: string
  /** Of the event as it stands there. */
  readonly hash: string
  /** The same as a leaf of a seal. */
  readonly leaf: string
  /** On which it happened, as it says. */
  readonly day: string
}

/** An event's place in its chain; undefined for what is none. */
export const linkOf = (event: unknown): Linked | undefined => {
  const { id, subject, time, entityversion, previoushash } = (event ?? {}) as Readonly<
    Record<string, unknown>
  >
  if (typeof id !== 'string' || typeof subject !== 'string' || typeof previoushash !== 'string')
    return undefined
  if (!Number.isSafeInteger(entityversion) || Number(entityversion) < 1) return undefined
  const [hash, leaf] = [digestOf(event), leafHashOf(event)]
  const version = Number(entityversion)
  return {
    id,
    subject,
    version,
    previous: previoushash,
    hash,
    leaf,
    day: String(time).slice(0, '2026-01-31'.length),
  }
}

/**
 * What is wrong with one entity's log, given in the order in which the ledger tells it. `head`: undefined where there is
 * no such entity. Each event is held to the hash in the one after it, and the last one to the head.
 */
export const faultsOfChain = (
  entity: string,
  told: readonly Linked[],
  head: Head | undefined,
): readonly Finding[] => {
  const inOrder = [...new Map(told.map((link) => [link.version, link])).values()].sort(
    (a, b) => a.version - b.version,
  )
  const last = inOrder.at(-1)?.version ?? 0
  return [
    ...misplaced(entity, told),
    ...gaps(entity, inOrder),
    ...brokenLinks(entity, inOrder, head),
    ...(head ? againstHead(entity, last, head) : orphaned(entity, told)),
  ]
}

const misplaced = (entity: string, told: readonly Linked[]): readonly Finding[] => {
  let highest = 0
  return told.flatMap(({ version, id }) => {
    const before = highest
    highest = Math.max(highest, version)
    if (version > before) return []
    const detail =
      version === before
        ? `version ${version} is told twice`
        : `version ${version} is told after version ${before}`
    return [{ fault: 'event_out_of_place', entity, version, eventId: id, detail }]
  })
}

const gaps = (entity: string, inOrder: readonly Linked[]): readonly Finding[] => {
  let expected = 1
  return inOrder.flatMap(({ version }) => {
    const first = expected
    expected = version + 1
    return version === first ? [] : [missing('event_missing', entity, first, version - 1)]
  })
}

const missing = (
  fault: 'event_missing' | 'tail_missing',
  entity: string,
  first: number,
  last: number,
): Finding => {
  const which = first === last ? `version ${first} is` : `versions ${first} to ${last} are`
  const why = fault === 'tail_missing' ? ', and the head of the entity comes after' : ''
  return { fault, entity, version: first, detail: `${which} not in the log${why}` }
}

const brokenLinks = (
  entity: string,
  inOrder: readonly Linked[],
  head: Head | undefined,
): readonly Finding[] => {
  const first = inOrder[0]
  const begun =
    first?.version === 1 && first.previous !== ''
      ? [changed(entity, first, 'the first event says that it follows another')]
      : []
  const within = inOrder.flatMap((link, index) => {
    const follower = inOrder[index + 1]
    if (follower?.version !== link.version + 1 || follower.previous === link.hash) return []
    return [changed(entity, link, `version ${follower.version} follows another version ${link.version}`)]
  })
  const last = inOrder.at(-1)
  const ended =
    last && head && head.version === last.version && head.head !== last.hash
      ? [changed(entity, last, `the head of the entity is of another version ${last.version}`)]
      : []
  return [...begun, ...within, ...ended]
}

const changed = (entity: string, { version, id }: Linked, detail: string): Finding => ({
  fault: 'event_changed',
  entity,
  version,
  eventId: id,
  detail,
})

const againstHead = (entity: string, last: number, head: Head): readonly Finding[] => {
  if (head.version > last) return [missing('tail_missing', entity, last + 1, head.version)]
  if (head.version === last) return []
  const detail = `the entity stands at version ${head.version}, its log ends at ${last}`
  return [{ fault: 'head_behind', entity, version: head.version + 1, detail }]
}

const orphaned = (entity: string, told: readonly Linked[]): readonly Finding[] =>
  told.length === 0
    ? []
    : [{ fault: 'entity_missing', entity, detail: 'its events are there, the entity itself is not' }]
