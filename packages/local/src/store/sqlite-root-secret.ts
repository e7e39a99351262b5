import type { RootSecretStore } from '@countersign/core/shared'
import { Redacted } from '@countersign/core/shared'
import type { Database } from './database.ts'

/** A secret that others are derived from, in SQLite. `name`: which. */
export const sqliteRootSecret = (database: Database, name: 'ApiKeys' | 'Webhooks'): RootSecretStore => ({
  read: async () => {
    const row = database.get('SELECT text FROM root_secret WHERE name = ?', name)
    return row && new Redacted(String(row.text))
  },
  create: async (secret) => {
    const insert = 'INSERT INTO root_secret (name, text) VALUES (?, ?) ON CONFLICT DO NOTHING'
    database.run(insert, name, secret.reveal())
  },
})
