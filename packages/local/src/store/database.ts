import { chmodSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { MIGRATIONS, SCHEMA, SCHEMA_VERSION } from './schema.ts'
import { guardOf, onFile } from './weather.ts'

export type SqlRow = Readonly<Record<string, string | number | null>>

/** One SQLite file in WAL mode: readers never wait, and what was committed survives the process. */
export interface Database {
  /** The rows of a query; statements are prepared once. */
  all(sql: string, ...parameters: SQLInputValue[]): readonly SqlRow[]
  get(sql: string, ...parameters: SQLInputValue[]): SqlRow | undefined
  /** How many rows changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number
  /**
   * What was made of the database and still is true: emptied whenever anything is written, by this process or another.
   * Ask for it anew for every read.
   */
  memory(): Map<string, unknown>
  /** All of it, or nothing when `work` throws. Not nested. */
  transaction<T>(work: () => T): T
  close(): void
}

/** Opens the file and makes its tables when it is new. Throws when it is damaged, or was written by a later version. */
export const openDatabase = (path: string): Database => {
  const sql = new DatabaseSync(path)
  sql.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000',
  )
  if (path !== ':memory:') chmodSync(path, 0o600)
  const guard = guardOf(path)
  const statements = new Map<string, StatementSync>()
  const prepared = (text: string): StatementSync => {
    const statement = statements.get(text) ?? sql.prepare(text)
    statements.set(text, statement)
    return statement
  }
  const dataVersion = prepared('PRAGMA data_version')
  dataVersion.setReturnArrays(true) // asked with every request, and a row as an object takes as long again
  const memory = createMemory(() => (dataVersion.get() as unknown as [number])[0])
  const database: Database = {
    all: (text, ...parameters) =>
      onFile(path, () => prepared(text).all(...parameters) as unknown as readonly SqlRow[]),
    get: (text, ...parameters) => onFile(path, () => prepared(text).get(...parameters) as SqlRow | undefined),
    run: (text, ...parameters) => {
      memory.forget()
      return onFile(path, () => Number(prepared(text).run(...parameters).changes))
    },
    memory: () => (sql.isTransaction ? new Map() : onFile(path, memory.now)),
    transaction: (work) => {
      guard()
      return onFile(path, () => inTransaction(sql, work))
    },
    close: () => sql.close(),
  }
  migrate(sql, database)
  return database
}

/** More than one deployment and many tokens; a scan of all tokens must not fill the process. */
const MOST_KEPT = 10_000

/**
 * `version` changes when another connection wrote; this one says so by `forget`. It is asked every time: a turn of the
 * event loop is too long, for what a turn began with may be older than the request that is read in it.
 */
const createMemory = (version: () => number) => {
  const values = new Map<string, unknown>()
  let known = version()
  return {
    forget: () => {
      if (values.size > 0) values.clear()
    },
    now: (): Map<string, unknown> => {
      const seen = version()
      if (seen !== known || values.size >= MOST_KEPT) values.clear()
      known = seen
      return values
    },
  }
}

const inTransaction = <T>(sql: DatabaseSync, work: () => T): T => {
  sql.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    sql.exec('COMMIT')
    return result
  } catch (error) {
    // A full or failing disk has SQLite undo it by itself.
    if (sql.isTransaction) sql.exec('ROLLBACK')
    throw error
  }
}

const migrate = (sql: DatabaseSync, database: Database): void => {
  const version = Number(database.get('PRAGMA user_version')?.user_version)
  if (version === SCHEMA_VERSION) return
  if (version > SCHEMA_VERSION)
    throw new Error(`its tables are of version ${version}, this program's of version ${SCHEMA_VERSION}`)
  database.transaction(() => {
    for (const step of version === 0 ? [SCHEMA] : MIGRATIONS.slice(version - 1)) sql.exec(step)
    sql.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  })
}
