import { type Database, openDatabase } from '@countersign/local'
import type { LoggedAt, Tampering } from './world.ts'

/** Whoever has the file and an SQLite shell. */
export const sqliteTampering = (file: string): Tampering => {
  const within = <T>(work: (database: Database) => T): T => {
    const database = openDatabase(file)
    try {
      return work(database)
    } finally {
      database.close()
    }
  }
  const put = (at: LoggedAt, text: string) =>
    within((database) =>
      database.run(
        'UPDATE event SET body = ? WHERE kind = ? AND subject = ? AND version = ?',
        ...[text, at.kind, at.id, at.version],
      ),
    )
  const columns = ['sequence', 'id', 'kind', 'subject', 'version', 'type', 'actor', 'time', 'body']
  return {
    event: async (at, change) => {
      const where = 'WHERE kind = ? AND subject = ? AND version = ?'
      const row = within((database) =>
        database.get(`SELECT * FROM event ${where}`, at.kind, at.id, at.version),
      )
      if (!row) throw new Error(`${at.id} has no version ${at.version}`)
      const text = change(String(row.body))
      if (text !== undefined) {
        put(at, text)
        return async () => void put(at, String(row.body))
      }
      within((database) => database.run(`DELETE FROM event ${where}`, at.kind, at.id, at.version))
      return async () => {
        const values = columns.map((column) => row[column] ?? null)
        within((database) =>
          database.run(`INSERT INTO event (${columns}) VALUES (${columns.map(() => '?')})`, ...values),
        )
      }
    },
    end: async ({ kind, id }, change) => {
      const set = (version: number, head: string) =>
        within((database) =>
          database.run(
            'UPDATE entity SET version = ?, head = ? WHERE kind = ? AND id = ?',
            ...[version, head, kind, id],
          ),
        )
      const row = within((database) =>
        database.get('SELECT version, head FROM entity WHERE kind = ? AND id = ?', kind, id),
      )
      if (!row) throw new Error(`there is no ${kind} ${id}`)
      const before = { version: Number(row.version), head: String(row.head) }
      const after = change(before)
      set(after.version, after.head)
      return async () => void set(before.version, before.head)
    },
  }
}
