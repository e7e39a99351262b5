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
import { subscriptions } from '@countersign/topology'
import type { Violate } from './violation.ts'

export const QUEUE = 'ProjectAccess'
const projected: readonly string[] = subscriptions[QUEUE].on

/** How a message fares on its way into the queue. */
export interface Sending {
  readonly dead: boolean
  readonly visibleAt: number
}

/** One database for all stories of a thread, emptied after each: to make the tables and to read the SQL takes longer. */
let kept: ReturnType<typeof openDatabase> | undefined
/** Those that refer to another come first. */
const TABLES = [
  ...['event', 'entity_label', 'entity', 'claim', 'idempotency', 'access_row'],
  ...['secret_stage', 'secret_version', 'message', 'sqlite_sequence'],
] as const

/** Everything that survives, as it was at an instant. */
export interface Stored {
  readonly tables: readonly (readonly [table: string, rows: readonly SqlRow[]])[]
  readonly touched: ReadonlySet<string>
  readonly heads: ReadonlyMap<string, Head>
}

interface Head {
  readonly version: number
  readonly head: string
}

type SqlRow = Readonly<Record<string, string | number | null>>

/** What survives every process: ledger, read model, rings and queue, in memory, by the adapters of one machine. */
export const createStore = (violate: Violate, inspect: (text: string) => void, stored?: Stored) => {
  const database = kept ?? openDatabase(':memory:')
  kept = undefined
  const [ledger, rows, queues] = [sqliteLedger(database), sqliteAccessRows(database), sqliteQueues(database)]
  /** Rows that were written since somebody looked. */
  const touched = new Set<string>(stored?.touched)
  const heads = new Map<string, Head>(stored?.heads)
  if (stored) restore(database, stored)
  const record = (event: EventOf): void => {
    const known = heads.get(event.subject) ?? { version: 0, head: '' }
    if (event.entityversion !== known.version + 1 || event.previoushash !== known.head)
      violate('chain-unbroken', `${event.type} ${event.subject} is not at the end of its log`)
    inspect(JSON.stringify(event))
    heads.set(event.subject, { version: event.entityversion, head: digestOf(event) })
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
    gatewayKeys: sqliteGatewayKeys(database),
    authorizerCallers: sqliteAuthorizerCallers(database),
    webhookSecret: sqliteRootSecret(database, 'Webhooks'),
  }
  return {
    ports,
    queues,
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
    send: (events: readonly EventOf[], road: (copy: number) => Sending | undefined): void => {
      for (const event of events.filter(({ type }) => projected.includes(type))) {
        const body = bodyOf(event)
        for (let copy = 0, fares = road(0); fares; fares = road(++copy))
          database.run(
            'INSERT INTO message (queue, body, event_id, event_type, visible_at, dead) VALUES (?, ?, ?, ?, ?, ?)',
            ...[QUEUE, body, event.id, event.type, Math.floor(fares.visibleAt), Number(fares.dead)],
          )
      }
    },
    stored: (): Stored => ({
      tables: TABLES.toReversed().map((table) => [table, database.all(`SELECT * FROM ${table}`)]),
      touched: new Set(touched),
      heads: new Map(heads),
    }),
    close: (): void => {
      for (const table of TABLES) database.run(`DELETE FROM ${table}`)
      kept = database
    },
  }
}

const restore = (database: ReturnType<typeof openDatabase>, { tables }: Stored): void => {
  database.transaction(() => {
    for (const [table, rows] of tables) {
      if (table === 'sqlite_sequence') database.run(`DELETE FROM ${table}`)
      for (const row of rows) {
        const [columns, values] = [Object.keys(row), Object.values(row)]
        const places = columns.map(() => '?').join(', ')
        database.run(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`, ...values)
      }
    }
  })
}

export type Store = ReturnType<typeof createStore>

const bodyOf = (event: EventOf): string =>
  JSON.stringify({
    id: event.id,
    source: EVENT_SOURCE,
    'detail-type': event.type,
    time: event.time,
    detail: event,
  })
