import type { SQLInputValue } from 'node:sqlite'
import { type EventOf, parseEvent } from '@countersign/core/events'
import {
  type Change,
  type ClaimChange,
  type CommitFailure,
  type EntityChange,
  type Entry,
  type EventPage,
  type EventQuery,
  type IdempotencyRecord,
  type Ledger,
  type ListQuery,
  type Page,
  storedEvent,
} from '@countersign/core/ledger'
import { digestOf, err, type Json, ok, type Result } from '@countersign/core/shared'
import type { Database, SqlRow } from './database.ts'
import { writeRegisters } from './sqlite-access-rows.ts'

/** Thrown inside a transaction to undo it, and turned into the refusal it names. */
class Refused extends Error {
  readonly reason: CommitFailure['reason']

  constructor(reason: CommitFailure['reason']) {
    super(reason)
    this.reason = reason
  }
}

/** The ledger in SQLite. `committed` is told after every commit that brought events. */
export const sqliteLedger = (database: Database, committed: (change: Change) => void = () => {}): Ledger => ({
  load: async (kind, id) => {
    const row = database.get('SELECT version, head, state FROM entity WHERE kind = ? AND id = ?', kind, id)
    return row ? loaded(row) : { state: undefined, version: 0, head: '' }
  },
  claim: async (name) => {
    const row = database.get('SELECT owner, generation FROM claim WHERE name = ?', name)
    return { name, owner: textOf(row?.owner), generation: Number(row?.generation ?? 0) }
  },
  idempotency: async (key) => {
    const row = database.get('SELECT * FROM idempotency WHERE key = ?', key)
    return row && idempotencyOf(row)
  },
  commit: async (change) => {
    const saved = save(database, change)
    if (saved.ok && change.entities.length > 0) committed(change)
    return saved
  },
  probe: async () => probe(database),
  list: async (kind, query) => listEntities(database, kind, query),
  events: async (query) => listEvents(database, query),
})

/** RFC 3339 of one width, so that text sorts as time does. */
const sortable = (instant: string): string => new Date(instant).toISOString()
const sortableIfAny = (instant: string | undefined): string | undefined => instant && sortable(instant)

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const loaded = <State>({ version, head, state }: SqlRow) => ({
  state: JSON.parse(String(state)) as State,
  version: Number(version),
  head: String(head),
})

const idempotencyOf = ({ key, fingerprint, status, body, sweep_after }: SqlRow): IdempotencyRecord => ({
  key: String(key),
  fingerprint: String(fingerprint),
  answer: { status: Number(status), body: JSON.parse(String(body)) as Json },
  sweepAfter: Number(sweep_after),
})

const save = (database: Database, change: Change): Result<void, CommitFailure> => {
  try {
    database.transaction(() => {
      for (const entity of change.entities) if (entity.events.length > 0) saveEntity(database, entity)
      for (const claim of change.claims ?? []) saveClaim(database, claim)
      if (change.idempotency) saveIdempotency(database, change.idempotency)
      writeRegisters(database, change.access ?? [])
    })
    return ok(undefined)
  } catch (error) {
    if (error instanceof Refused) return err({ reason: error.reason })
    throw error
  }
}

/** More than any usual command needs, so that a disk is known to be full a little before it is. */
const PROBE_CHARACTERS = 65_536

/** What is written is gone within the transaction; its pages, and the journal's, have to be there all the same. */
const probe = (database: Database): void =>
  database.transaction(() => {
    database.run(
      'INSERT INTO idempotency (key, fingerprint, status, body, sweep_after) VALUES (?, ?, ?, ?, ?)',
      ...['', '', 0, ' '.repeat(PROBE_CHARACTERS), 0],
    )
    database.run('DELETE FROM idempotency WHERE key = ?', '')
  })

const saveEntity = (database: Database, entity: EntityChange): void => {
  const { kind, id, expectedVersion, events, labels } = entity
  const [createdAt, expiresAt] = [sortable(entity.createdAt), sortableIfAny(entity.expiresAt)]
  const version = expectedVersion + events.length
  const head = digestOf(events.at(-1))
  const state = JSON.stringify(entity.state)
  const changed =
    expectedVersion === 0
      ? database.run(
          'INSERT INTO entity (kind, id, version, head, state, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          ...[kind, id, version, head, state, createdAt, expiresAt ?? null],
        )
      : database.run(
          'UPDATE entity SET version = ?, head = ?, state = ?, expires_at = ? WHERE kind = ? AND id = ? AND version = ?',
          ...[version, head, state, expiresAt ?? null, kind, id, expectedVersion],
        )
  if (changed !== 1) throw new Refused('version_conflict')
  database.run('DELETE FROM entity_label WHERE kind = ? AND id = ?', kind, id)
  for (const label of new Set(labels))
    database.run('INSERT INTO entity_label (kind, label, id) VALUES (?, ?, ?)', kind, label, id)
  for (const event of events) saveEvent(database, kind, event)
}

const saveEvent = (database: Database, kind: string, event: EventOf): void => {
  const { id, subject, entityversion, type, actor } = event
  const added = database.run(
    'INSERT INTO event (id, kind, subject, version, type, actor, time, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, subject, version) DO NOTHING',
    ...[id, kind, subject, entityversion, type, actor, sortable(event.time), JSON.stringify(event)],
  )
  if (added !== 1) throw new Refused('log_damaged')
}

const saveClaim = (database: Database, { name, owner, expectedGeneration }: ClaimChange): void => {
  if (owner === undefined && expectedGeneration === 0) throw new Refused('version_conflict')
  const next = owner === undefined ? expectedGeneration : expectedGeneration + 1
  // Taking needs a claim nobody holds; releasing one that somebody does.
  const held = owner === undefined ? 'owner IS NOT NULL' : 'owner IS NULL'
  const changed =
    expectedGeneration === 0
      ? database.run(
          'INSERT INTO claim (name, owner, generation) VALUES (?, ?, 1) ON CONFLICT DO NOTHING',
          name,
          owner ?? null,
        )
      : database.run(
          `UPDATE claim SET owner = ?, generation = ? WHERE name = ? AND generation = ? AND ${held}`,
          ...[owner ?? null, next, name, expectedGeneration],
        )
  if (changed !== 1) throw new Refused('version_conflict')
}

const saveIdempotency = (
  database: Database,
  { key, fingerprint, answer, sweepAfter }: IdempotencyRecord,
): void => {
  const changed = database.run(
    'INSERT INTO idempotency (key, fingerprint, status, body, sweep_after) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ...[key, fingerprint, answer.status, JSON.stringify(answer.body), sweepAfter],
  )
  if (changed !== 1) throw new Refused('idempotency_key_used')
}

interface Condition {
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

const where = (conditions: readonly (Condition | undefined)[]): Condition => {
  const given = conditions.filter((condition) => condition !== undefined)
  return { sql: given.map(({ sql }) => sql).join(' AND '), values: given.flatMap(({ values }) => values) }
}

const optional = (sql: string, value: string | undefined): Condition | undefined =>
  value === undefined ? undefined : { sql, values: [value] }

const listEntities = <State>(database: Database, kind: string, query: ListQuery): Page<Entry<State>> => {
  const [createdAt = '', id = ''] = query.after?.split('#') ?? []
  const { sql, values } = where([
    { sql: 'kind = ?', values: [kind] },
    ...query.labels.map((label) => ({
      sql: 'EXISTS (SELECT 1 FROM entity_label WHERE kind = entity.kind AND label = ? AND id = entity.id)',
      values: [label],
    })),
    optional('created_at >= ?', sortableIfAny(query.createdFrom)),
    optional('expires_at > ?', sortableIfAny(query.expiresAfter)),
    optional('expires_at <= ?', sortableIfAny(query.expiresUntil)),
    { sql: '(created_at, id) > (?, ?)', values: [createdAt, id] },
  ])
  const rows = database.all(
    `SELECT id, version, head, state, created_at FROM entity WHERE ${sql} ORDER BY created_at, id LIMIT ?`,
    ...values,
    query.limit + 1,
  )
  const items = rows.slice(0, query.limit)
  const last = rows.length > query.limit ? items.at(-1) : undefined
  return {
    items: items.map((row) => ({ id: String(row.id), ...loaded<State>(row) })),
    next: last && `${last.created_at}#${last.id}`,
  }
}

const listEvents = (
  database: Database,
  { subject, type, actor, from, to, limit, after }: EventQuery,
): EventPage => {
  const { sql, values } = where([
    { sql: 'sequence > ?', values: [Number(after ?? 0) || 0] },
    optional('subject = ?', subject),
    optional('type = ?', type),
    optional('actor = ?', actor),
    optional('time >= ?', sortableIfAny(from)),
    optional('time < ?', sortableIfAny(to)),
  ])
  const rows = database.all(
    `SELECT sequence, kind, subject, version, body FROM event WHERE ${sql} ORDER BY sequence LIMIT ?`,
    ...values,
    limit + 1,
  )
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  const end = items.at(-1)?.sequence
  return { items: items.map(asStored), next: last && String(last.sequence), end: end?.toString() }
}

const asStored = ({ kind, subject, version, body }: SqlRow): EventOf =>
  storedEvent(String(body), `${kind} ${subject} version ${version}`)

export const eventIn = ({ body }: SqlRow): EventOf => {
  const event = parseEvent(JSON.parse(String(body)))
  if (!event.ok) throw new Error(`the ledger holds an event that cannot be read: ${event.error.detail}`)
  return event.value
}
