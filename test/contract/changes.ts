import {
  type Cause,
  type EventOf,
  type FactOf,
  fact,
  type LogEnd,
  recordFacts,
} from '@countersign/core/events'
import type { EntityChange } from '@countersign/core/ledger'
import { digestOf, type Id, idFrom, type NewId } from '@countersign/core/shared'

/** Identifiers in a row: every store of a test begins anew, so nothing has to be random. */
export const newIds = (): NewId => {
  let count = 0
  return (kind) => {
    const bytes = Buffer.alloc(16)
    bytes.writeUInt32BE(++count, 12)
    return idFrom(kind, bytes)
  }
}

export const NOW = new Date('2026-03-01T12:00:00.000Z')
export const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000)

export const causeAt = (now: Date, actor = 'con_operator'): Cause => ({
  actor,
  correlationId: 'request',
  now,
})

type ConsumerId = Id<'consumer'>

export const registered = (consumerId: ConsumerId, name = 'billing'): FactOf =>
  fact('consumer.registered', { consumerId, name, type: 'service', owner: 'payments' })
export const suspended = (consumerId: ConsumerId, at = NOW): FactOf =>
  fact('consumer.suspended', { consumerId, suspendedAt: at.toISOString() })
export const resumed = (consumerId: ConsumerId, at = NOW): FactOf =>
  fact('consumer.resumed', { consumerId, resumedAt: at.toISOString() })

export interface ChangeOptions {
  readonly end?: LogEnd
  readonly labels?: readonly string[]
  readonly expiresAt?: string
  readonly createdAt?: string
  readonly actor?: string
  readonly now?: Date
}

const BEGINNING: LogEnd = { version: 0, head: '' }

/** Facts at the end of a consumer's log, as a command would save them. */
export const changeOf = (
  newId: NewId,
  id: ConsumerId,
  facts: readonly FactOf[],
  { end = BEGINNING, labels = [], expiresAt, createdAt, actor, now = NOW }: ChangeOptions = {},
): EntityChange => ({
  kind: 'consumer',
  id,
  expectedVersion: end.version,
  state: { facts: end.version + facts.length },
  events: recordFacts(id, end, facts, causeAt(now, actor), newId),
  labels,
  createdAt: createdAt ?? NOW.toISOString(),
  ...(expiresAt !== undefined && { expiresAt }),
})

/** Where an entity's log ends after a change. */
export const endOf = ({ expectedVersion, events }: EntityChange): LogEnd => ({
  version: expectedVersion + events.length,
  head: digestOf(events.at(-1)),
})

/** A new consumer's registration, for stores that want any event at all. */
export const anyEvent = (newId: NewId): EventOf => {
  const id = newId('consumer')
  const [event] = changeOf(newId, id, [registered(id)]).events
  if (!event) throw new Error('a fact makes an event')
  return event
}
