import { EVENT_SOURCE, type EventOf } from '@countersign/core/events'
import type { Change } from '@countersign/core/ledger'
import { digestOf, type Row } from '@countersign/core/shared'
import type { Services } from '@countersign/functions/runtime/services'
import {
  openDatabase,
  sqliteAccessRows,
  sqliteAuthorizerCallers,
  sqliteGatewayKeys,
  sqliteKeyRing,
  sqliteLedger,
  sqliteQueues,
  sqliteRootSecret,
} from '@countersign/local'
import { subscriptions, takes } from '@countersign/topology'
import type { Violate } from './violation.ts'

/** Those of the subscriptions that are played. */
export const QUEUES = ['ProjectAccess', 'RegisterPublishedApi', 'ProvisionUsagePlan'] as const
export type Queue = (typeof QUEUES)[number]

/** No token of a story is in a usage plan. */
const concerns = (queue: Queue, source: string, type: string): boolean =>
  takes(subscriptions[queue], source, type) && !(queue === 'ProvisionUsagePlan' && type === 'token.issued')

/** How a message fares on its way into the queue. */
export interface Sending {
  readonly dead: boolean
  readonly visibleAt: number
}

/** One database for all stories of a thread, emptied after each: to make the tables and to read the SQL takes longer. */
let kept: Database | undefined
type Database = ReturnType<typeof openDatabase>
/** Those that refer to another come first. */
const TABLES = [
  ...['event', 'entity_label', 'entity', 'claim', 'idempotency', 'access_row'],
  ...['gateway_membership', 'gateway_key', 'gateway_plan', 'root_secret'],
  ...['secret_stage', 'secret_version', 'message', 'sqlite_sequence'],
] as const

/** Everything that survives, as it was at an instant. */
export interface Stored {
  /** Its tables are in this thread's database, beside those of the story that is played. */
  readonly beside: string
  readonly touched: ReadonlySet<string>
  readonly heads: ReadonlyMap<string, EventOf>
}

/** What survives every process: ledger, read model, rings and queue, in memory, by the adapters of one machine. */
export const createStore = (
  violate: Violate,
  inspect: (text: string) => void,
  told: (event: EventOf) => void,
  stored?: Stored,
) => {
  const database = kept ?? openDatabase(':memory:')
  kept = undefined
  const [ledger, rows, queues] = [sqliteLedger(database), sqliteAccessRows(database), sqliteQueues(database)]
  const gateway = sqliteGatewayKeys(database)
  /** Rows that were written since somebody looked. */
  const touched = new Set<string>(stored?.touched)
  /** The last event of every log. */
  const heads = new Map<string, EventOf>(stored?.heads)
  if (stored) restore(database, stored)
  const record = (event: EventOf): void => {
    const last = heads.get(event.subject)
    const head = last ? digestOf(last) : ''
    if (event.entityversion !== (last?.entityversion ?? 0) + 1 || event.previoushash !== head)
      violate('chain-unbroken', `${event.type} ${event.subject} is not at the end of its log`)
    inspect(JSON.stringify(event))
    heads.set(event.subject, event)
    told(event)
  }
  const ports: Pick<
    Services,
    | 'ledger'
    | 'accessRows'
    | 'keyRing'
    | 'consumerKeyRings'
    | 'sealKeys'
    | 'apiKeySecret'
    | 'gatewayKeys'
    | 'authorizerCallers'
    | 'webhookSecret'
  > = {
    ledger: {
      ...ledger,
      commit: async (change: Change) => {
        const saved = await ledger.commit(change)
        if (!saved.ok) return saved
        for (const { row } of change.access ?? []) touched.add(row)
        for (const { events } of change.entities) for (const event of events) record(event)
        return saved
      },
    },
    accessRows: {
      ...rows,
      write: async (writes) => {
        for (const { row } of writes) touched.add(row)
        await rows.write(writes)
      },
    },
    keyRing: sqliteKeyRing(database),
    consumerKeyRings: (consumerId) => sqliteKeyRing(database, consumerId),
    sealKeys: sqliteKeyRing(database, 'SealKeys'),
    apiKeySecret: sqliteRootSecret(database, 'ApiKeys'),
    gatewayKeys: gateway,
    authorizerCallers: sqliteAuthorizerCallers(database),
    webhookSecret: sqliteRootSecret(database, 'Webhooks'),
  }
  return {
    ports,
    queues,
    /** As it looks up a key that is presented to it. */
    gateway,
    touched,
    heads,
    read: (keys: readonly string[]): Promise<ReadonlyMap<string, Row>> => rows.read(keys),
    rowsNow: async () => {
      const all = new Map<string, Row>()
      for await (const [key, row] of rows.scan()) all.set(key, row)
      return all
    },
    /** A row as it must never be written by the product; for planted bugs. */
    overwrite: (key: string, row: Row): void => {
      touched.add(key)
      database.run('UPDATE access_row SET body = ? WHERE key = ?', JSON.stringify(row), key)
    },
    /** An event as nobody may ever write it, once it is sealed; for planted bugs. */
    rewriteSealed: (): void => {
      database.run(
        `UPDATE event SET body = json_set(body, '$.actor', 'nobody')
          WHERE sequence = 1 AND EXISTS (SELECT 1 FROM event WHERE type = 'audit.day-sealed')`,
      )
    },
    streamAfter: (position: number, most: number) =>
      database
        .all('SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?', position, most)
        .map(({ sequence, body }) => ({ sequence: Number(sequence), body: String(body) })),
    events: (): readonly EventOf[] =>
      database.all('SELECT body FROM event ORDER BY sequence').map(({ body }) => JSON.parse(String(body))),
    sweep: (now: number): void => {
      for (const { key } of database.all('SELECT key FROM access_row WHERE sweep_after < ?', now / 1_000))
        touched.add(String(key))
      database.run('DELETE FROM access_row WHERE sweep_after < ?', now / 1_000)
      database.run('DELETE FROM idempotency WHERE sweep_after < ?', now / 1_000)
    },
    forgetDeadLetters: () => database.run('DELETE FROM message WHERE dead = 1'),
    /** By the rules of the bus; `road` says of each copy how it fares, until there is no more. */
    send: (said: Said, road: (copy: number) => Sending | undefined): void => {
      const { id, source, 'detail-type': type } = said
      const body = JSON.stringify(said)
      for (const queue of QUEUES.filter((name) => concerns(name, source, type)))
        for (let copy = 0, fares = road(0); fares; fares = road(++copy))
          database.run(
            'INSERT INTO message (queue, body, event_id, event_type, visible_at, dead) VALUES (?, ?, ?, ?, ?, ?)',
            ...[queue, body, id, type, Math.floor(fares.visibleAt), Number(fares.dead)],
          )
    },
    /** Queues with something to receive. */
    waiting: (now: number): readonly Queue[] => {
      const visible = 'SELECT DISTINCT queue FROM message WHERE dead = 0 AND visible_at <= ? ORDER BY queue'
      return database.all(visible, now).map(({ queue }) => queue as Queue)
    },
    /** Of all queues: how many messages are dead, how many are not, and when the next of these can be received. */
    onTheirWay: () => {
      const counted = database.get(
        'SELECT count(*) - ifnull(sum(dead), 0) AS alive, ifnull(sum(dead), 0) AS dead, min(visible_at) FILTER (WHERE dead = 0) AS next FROM message',
      )
      return { alive: Number(counted?.alive), dead: Number(counted?.dead), next: Number(counted?.next ?? 0) }
    },
    stored: (): Stored => ({
      beside: putBeside(database),
      touched: new Set(touched),
      heads: new Map(heads),
    }),
    close: (): void => {
      for (const table of TABLES) database.run(`DELETE FROM ${table}`)
      kept = database
    },
  }
}

const BESIDE = 'beginning'

const putBeside = (database: Database): string => {
  database.run(`ATTACH ':memory:' AS ${BESIDE}`)
  for (const table of TABLES)
    database.run(`CREATE TABLE ${BESIDE}.first_${table} AS SELECT * FROM main.${table}`)
  return BESIDE
}

const restore = (database: Database, { beside }: Stored): void => {
  database.transaction(() => {
    database.run('DELETE FROM sqlite_sequence')
    for (const table of TABLES.toReversed())
      database.run(`INSERT INTO main.${table} SELECT * FROM ${beside}.first_${table}`)
  })
}

export type Store = ReturnType<typeof createStore>

/** An event as EventBridge has it. */
export interface Said {
  readonly id: string
  readonly source: string
  readonly 'detail-type': string
  readonly time: string
  readonly detail: object
}

export const saidOf = (event: EventOf): Said => ({
  id: event.id,
  source: EVENT_SOURCE,
  'detail-type': event.type,
  time: event.time,
  detail: event,
})
