import { Access, type StoredRow, type StoredRows } from '@countersign/core/access'
import type { Row } from '@countersign/core/shared'
import * as z from 'zod'
import type { Database, SqlRow } from './database.ts'
import { gatewayIn } from './sqlite-access-rows.ts'

const PAGE = 200

/** The read model in SQLite as it is stored: a rebuild looks at it past the rules that write it. */
export const sqliteStoredRows = (database: Database): StoredRows => ({
  inspect: async (keys) => {
    const found = keys.map((key) => database.get('SELECT * FROM access_row WHERE key = ?', key))
    return new Map(found.flatMap((row) => (row ? [[String(row.key), storedRow(row)] as const] : [])))
  },
  async *inspectAll(after = '') {
    let last = after
    for (let page = pageAfter(database, last); page.length > 0; page = pageAfter(database, last)) {
      for (const row of page) yield storedRow(row)
      last = String(page.at(-1)?.key)
    }
  },
  mend: async (key, seen, wanted) => database.transaction(() => mend(database, key, seen, wanted)),
})

const pageAfter = (database: Database, after: string): readonly SqlRow[] =>
  database.all('SELECT * FROM access_row WHERE key > ? ORDER BY key LIMIT ?', after, PAGE)

const Body = z.object({
  registers: z.record(z.string(), z.object({ rank: z.number(), value: z.json() })),
  sweepAfter: z.number().optional(),
})

const storedRow = (row: SqlRow): StoredRow => {
  const key = String(row.key)
  const body = bodyOf(String(row.body))
  if (!body) return { key, registers: {}, unreadable: [Access.WHOLE_ROW], exact: row }
  const { registers, sweepAfter } = body
  const isSwept = (sweepAfter ?? null) === row.sweep_after
  const isFound = gatewayIn(key) === row.gateway
  return {
    key,
    registers,
    ...(sweepAfter !== undefined && { sweepAfter }),
    unreadable: isSwept && isFound ? [] : [Access.SWEEP_AFTER],
    exact: row,
  }
}

const bodyOf = (text: string): Row | undefined => {
  try {
    return Body.safeParse(JSON.parse(text)).data as Row | undefined
  } catch {
    return undefined
  }
}

const mend = (
  database: Database,
  key: string,
  seen: StoredRow | undefined,
  wanted: Row | undefined,
): boolean => {
  const present = database.get('SELECT * FROM access_row WHERE key = ?', key)
  if (!sameRow(present, seen?.exact as SqlRow | undefined)) return false
  if (present) database.run('DELETE FROM access_row WHERE key = ?', key)
  if (wanted)
    database.run(
      'INSERT INTO access_row (key, gateway, body, sweep_after) VALUES (?, ?, ?, ?)',
      ...[key, gatewayIn(key), JSON.stringify(wanted), wanted.sweepAfter ?? null],
    )
  return true
}

const sameRow = (present: SqlRow | undefined, seen: SqlRow | undefined): boolean =>
  present?.body === seen?.body &&
  present?.gateway === seen?.gateway &&
  present?.sweep_after === seen?.sweep_after
