import { Access, type AccessRowStore, type DeploymentBinding } from '@countersign/core/access'
import { applyWrite, type Coordinates, type RegisterWrite, type Row } from '@countersign/core/shared'
import type { Database, SqlRow } from './database.ts'

/** The read model in SQLite. */
export const sqliteAccessRows = (database: Database): AccessRowStore => ({
  read: async (keys) => {
    const memory = database.memory()
    const rows = new Map<string, Row>()
    for (const key of keys) {
      const row = remembered(memory, key, () => readRow(database, key))
      if (row) rows.set(key, row)
    }
    return rows
  },
  write: async (writes) => database.transaction(() => writeRegisters(database, writes)),
  async *scan() {
    for (const row of database.all('SELECT key, body FROM access_row ORDER BY key'))
      yield [String(row.key), rowIn(row)]
  },
})

const remembered = <T>(memory: Map<string, unknown>, key: string, read: () => T): T => {
  if (!memory.has(key)) memory.set(key, read())
  return memory.get(key) as T
}

const rowIn = ({ body }: SqlRow): Row => JSON.parse(String(body)) as Row

const readRow = (database: Database, key: string): Row | undefined => {
  const row = database.get('SELECT body FROM access_row WHERE key = ?', key)
  return row && rowIn(row)
}

/** Inside the caller's transaction. */
export const writeRegisters = (database: Database, writes: readonly RegisterWrite[]): void => {
  for (const write of writes) {
    const row = applyWrite(readRow(database, write.row), write)
    database.run(
      'INSERT INTO access_row (key, gateway, body, sweep_after) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body, sweep_after = excluded.sweep_after',
      ...[write.row, gatewayIn(write.row), JSON.stringify(row), row.sweepAfter ?? null],
    )
  }
}

/** `gatewayId/stage` of a deployment row's first copy: how the emulated gateway finds who lives at a URL. */
export const gatewayIn = (key: string): string | null =>
  /^deployment#[^/]+\/[^/]+\/([^/]+\/[^/#]+)#0$/.exec(key)?.[1] ?? null

/** What lives, or lived, at a gateway's stage. */
export interface DeploymentAt {
  readonly account: Pick<Coordinates, 'accountId' | 'region'>
  readonly binding: DeploymentBinding | undefined
}

/** By the deployment row (copy 0) that a `gatewayId/stage` has, in any account and region; one that is alive, if any. */
export const deploymentAt = (database: Database, gateway: string): DeploymentAt | undefined =>
  remembered(database.memory(), `deployment at ${gateway}`, () => {
    const alive = `json_extract(body, '$.registers.binding.value') IS NOT NULL`
    const row = database.get(
      `SELECT key, body FROM access_row WHERE gateway = ? ORDER BY ${alive} DESC, key LIMIT 1`,
      gateway,
    )
    const [, accountId, region] = /^deployment#([^/]+)\/([^/]+)\//.exec(String(row?.key)) ?? []
    if (!row || accountId === undefined || region === undefined) return undefined
    return { account: { accountId, region }, binding: Access.bindingOf(rowIn(row)) }
  })

/** Rows whose time is over leave, as DynamoDB's TTL would see to. */
export const sweep = (database: Database, now: Date): void => {
  const seconds = Math.floor(now.getTime() / 1_000)
  database.transaction(() => {
    database.run('DELETE FROM access_row WHERE sweep_after < ?', seconds)
    database.run('DELETE FROM idempotency WHERE sweep_after < ?', seconds)
  })
}
