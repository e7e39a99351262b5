import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Redacted } from '@countersign/core/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { openDatabase } from './database.ts'
import { sqliteQueues } from './sqlite-queues.ts'
import { sqliteRootSecret } from './sqlite-root-secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-database-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What the version before webhooks left behind: one secret, and messages that could not be postponed. */
const AS_VERSION_4 = `
DROP TABLE root_secret;
CREATE TABLE api_key_secret (one INTEGER PRIMARY KEY CHECK (one = 1), text TEXT NOT NULL) STRICT;
INSERT INTO api_key_secret (one, text) VALUES (1, 'the secret of before');
ALTER TABLE message DROP COLUMN postponed;
INSERT INTO message (queue, body, visible_at) VALUES ('ProjectAccess', 'what waited', 0);
PRAGMA user_version = 4;
`

describe('a file of the version before webhooks', () => {
  it('keeps what API keys are derived from, and what waited in its queues', async () => {
    const path = join(folder, 'before.sqlite')
    openDatabase(path).close()
    const old = new DatabaseSync(path)
    old.exec(AS_VERSION_4)
    old.close()
    const database = openDatabase(path)
    expect((await sqliteRootSecret(database, 'ApiKeys').read())?.reveal()).toBe('the secret of before')
    expect(await sqliteRootSecret(database, 'Webhooks').read()).toBeUndefined()
    expect(sqliteQueues(database).receive('ProjectAccess', 10, 1, 2)).toMatchObject([{ body: 'what waited' }])
    database.close()
  })
})

describe('root secrets', () => {
  it('are kept apart, and each as it was first given', async () => {
    const database = openDatabase(':memory:')
    const [keys, webhooks] = [sqliteRootSecret(database, 'ApiKeys'), sqliteRootSecret(database, 'Webhooks')]
    await keys.create(new Redacted('first'))
    await webhooks.create(new Redacted('other'))
    await keys.create(new Redacted('second'))
    expect([(await keys.read())?.reveal(), (await webhooks.read())?.reveal()]).toEqual(['first', 'other'])
    database.close()
  })
})
