import type { AuthorizerCallers } from '@countersign/core/registry'
import type { Database } from './database.ts'

/** Which accounts are let in, recorded: on one machine every gateway asks the authorizer itself. */
export const sqliteAuthorizerCallers = (database: Database): AuthorizerCallers => ({
  admit: async ({ accountId, region }) => {
    const insert = 'INSERT INTO authorizer_caller (account_id, region) VALUES (?, ?) ON CONFLICT DO NOTHING'
    database.run(insert, accountId, region)
  },
  dismiss: async ({ accountId, region }) => {
    database.run('DELETE FROM authorizer_caller WHERE account_id = ? AND region = ?', accountId, region)
  },
})
