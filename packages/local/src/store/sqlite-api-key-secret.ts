import type { ApiKeySecretStore } from '@countersign/core/api-key'
import { Redacted } from '@countersign/core/shared'
import type { Database } from './database.ts'

/** The secret of the API keys in SQLite. */
export const sqliteApiKeySecret = (database: Database): ApiKeySecretStore => ({
  read: async () => {
    const row = database.get('SELECT text FROM api_key_secret')
    return row && new Redacted(String(row.text))
  },
  create: async (secret) => {
    database.run(
      'INSERT INTO api_key_secret (one, text) VALUES (1, ?) ON CONFLICT DO NOTHING',
      secret.reveal(),
    )
  },
})
