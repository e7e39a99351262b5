import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { EventOf } from '@countersign/core/events'
import type { Change, ClaimChange, EntityChange, IdempotencyRecord } from '@countersign/core/ledger'
import { digestOf, type Row } from '@countersign/core/shared'
import { byRow, rowUpdate } from './access-update.ts'
import { claimKey, dayOf, entityKey, eventKey, idempotencyKey, STATE, sortable } from './ledger-items.ts'

/** Table names. The access table is asked for only by a change that takes access away. */
export interface LedgerTables {
  readonly ledger: string
  readonly access: () => string
}

/** One item of a transaction, and what its failed condition means. */
export interface Part {
  readonly item: TransactWriteItem
  readonly meaning:
    | { readonly of: 'state'; readonly entity: EntityChange }
    | { readonly of: 'event' | 'claim' | 'idempotency' }
    | { readonly of: 'row'; readonly row: string }
}

/** What earlier tries of the same transaction were told of the items that refused. */
export interface Seen {
  readonly rows: ReadonlyMap<string, Row>
  /** Instant of the last event of an entity, by partition key. */
  readonly lastAt: ReadonlyMap<string, string>
}

export const NOTHING_SEEN: Seen = { rows: new Map(), lastAt: new Map() }

export const partsOf = (change: Change, tables: LedgerTables, seen: Seen): readonly Part[] => [
  ...change.entities
    .filter(({ events }) => events.length > 0)
    .flatMap((entity) => entityParts(entity, tables.ledger, seen)),
  ...(change.claims ?? []).map((claim) => claimPart(claim, tables.ledger)),
  ...rowParts(change, tables, seen),
  ...(change.idempotency ? [idempotencyPart(change.idempotency, tables.ledger)] : []),
]

const entityParts = (entity: EntityChange, table: string, seen: Seen): readonly Part[] => {
  const pk = entityKey(entity.kind, entity.id)
  const dated = datedEvents(entity.events, seen.lastAt.get(pk) ?? '')
  return [
    statePart(entity, dated, table),
    ...dated.map(({ event, instant }) => eventPart(pk, event, instant, table)),
  ]
}

interface Dated {
  readonly event: EventOf
  readonly instant: string
}

/** Where the events stand in time: never before the one they follow, even when that one's clock was ahead of ours. */
const datedEvents = (events: readonly EventOf[], lastAt: string): readonly Dated[] => {
  let latest = lastAt
  return events.map((event) => {
    const instant = sortable(event.time)
    if (instant > latest) latest = instant
    return { event, instant: latest }
  })
}

const statePart = (entity: EntityChange, dated: readonly Dated[], table: string): Part => {
  const { kind, id, expectedVersion, labels, createdAt, expiresAt } = entity
  const [first, last] = [dated[0], dated.at(-1)]
  if (!first || !last) throw new Error(`${kind} ${id} has no event`)
  const assigned = {
    kind: { S: 'state' },
    id: { S: id },
    state: { S: JSON.stringify(entity.state) },
    version: { N: String(last.event.entityversion) },
    head: { S: digestOf(last.event) },
    listed: { S: kind },
    lastAt: { S: last.instant },
    ...(labels.length > 0 && { labels: { SS: [...new Set(labels)] } }),
    ...(expiresAt !== undefined && { expiresAt: { S: sortable(expiresAt) } }),
  }
  const initial = {
    listedAt: { S: `${sortable(createdAt)}#${id}` },
    since: { S: dayOf(first.instant) },
  }
  const gone = ['labels', 'expiresAt'].filter((name) => !Object.hasOwn(assigned, name))
  return {
    meaning: { of: 'state', entity },
    item: {
      Update: {
        TableName: table,
        Key: { pk: { S: entityKey(kind, id) }, sk: { S: STATE } },
        ...stateExpressions(assigned, initial, gone),
        ...stateCondition(expectedVersion, { ...assigned, ...initial }, first.instant),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
  }
}

type Values = Readonly<Record<string, AttributeValue>>

/** `initial` is written once, when the entity is created, and stays. */
const stateExpressions = (assigned: Values, initial: Values, gone: readonly string[]) => {
  const names = [...Object.keys(assigned), ...Object.keys(initial), ...gone]
  const sets = [
    ...Object.keys(assigned).map((name) => `#${name} = :${name}`),
    ...Object.keys(initial).map((name) => `#${name} = if_not_exists(#${name}, :${name})`),
  ]
  const remove = gone.length > 0 ? ` REMOVE ${gone.map((name) => `#${name}`).join(', ')}` : ''
  return {
    UpdateExpression: `SET ${sets.join(', ')}${remove}`,
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
  }
}

const stateCondition = (expectedVersion: number, values: Values, firstInstant: string) => {
  const written = Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value]))
  if (expectedVersion === 0)
    return { ConditionExpression: 'attribute_not_exists(pk)', ExpressionAttributeValues: written }
  return {
    ConditionExpression: '#version = :expected AND #lastAt <= :first',
    ExpressionAttributeValues: {
      ...written,
      ':expected': { N: String(expectedVersion) },
      ':first': { S: firstInstant },
    },
  }
}

/** The relay knows an event in the stream by its attribute `event`, the JSON of the envelope. */
const eventPart = (pk: string, event: EventOf, instant: string, table: string): Part => ({
  meaning: { of: 'event' },
  item: {
    Put: {
      TableName: table,
      Item: {
        pk: { S: pk },
        sk: { S: eventKey(event.entityversion) },
        kind: { S: 'event' },
        event: { S: JSON.stringify(event) },
        type: { S: event.type },
        actor: { S: event.actor },
        day: { S: dayOf(instant) },
        at: { S: `${instant}#${event.subject}#${eventKey(event.entityversion)}` },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  },
})

/** A released claim stays as an item without owner, because its generation must never start again. */
const claimPart = (claim: ClaimChange, table: string): Part => ({
  meaning: { of: 'claim' },
  item: {
    Put: {
      TableName: table,
      Item: {
        ...claimKey(claim.name),
        kind: { S: 'claim' },
        generation: { N: String(generationAfter(claim)) },
        ...(claim.owner !== undefined && { owner: { S: claim.owner } }),
      },
      ...claimCondition(claim),
    },
  },
})

const generationAfter = ({ owner, expectedGeneration }: ClaimChange): number =>
  owner === undefined ? expectedGeneration : expectedGeneration + 1

/** Taken only from nobody, released only by somebody. */
const claimCondition = ({ owner, expectedGeneration }: ClaimChange) => {
  if (owner !== undefined && expectedGeneration === 0)
    return { ConditionExpression: 'attribute_not_exists(pk)' }
  const held = owner === undefined ? 'attribute_exists(#owner)' : 'attribute_not_exists(#owner)'
  return {
    ConditionExpression: `#generation = :expected AND ${held}`,
    ExpressionAttributeNames: { '#generation': 'generation', '#owner': 'owner' },
    ExpressionAttributeValues: { ':expected': { N: String(expectedGeneration) } },
  }
}

const rowParts = ({ access = [] }: Change, tables: LedgerTables, seen: Seen): readonly Part[] =>
  [...byRow(access)].flatMap(([row, writes]) => {
    const update = rowUpdate(tables.access(), row, writes, seen.rows.get(row))
    return update ? [{ meaning: { of: 'row', row }, item: { Update: update } } as const] : []
  })

const idempotencyPart = (record: IdempotencyRecord, table: string): Part => ({
  meaning: { of: 'idempotency' },
  item: {
    Put: {
      TableName: table,
      Item: {
        ...idempotencyKey(record.key),
        kind: { S: 'idempotency' },
        fingerprint: { S: record.fingerprint },
        answer: { S: JSON.stringify(record.answer) },
        sweepAfter: { N: String(record.sweepAfter) },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  },
})
