import { err, ok, Redacted } from '@countersign/core/shared'
import type { KeyRingStore } from '@countersign/core/signing-key'
import type { Database } from './database.ts'

/** The key ring's secret in SQLite, with the stages Secrets Manager has. */
export const sqliteKeyRing = (database: Database): KeyRingStore => ({
  current: async () => {
    const row = database.get(
      `SELECT version_id, text FROM secret_stage JOIN secret_version USING (version_id) WHERE stage = 'AWSCURRENT'`,
    )
    return row && { versionId: String(row.version_id), text: new Redacted(String(row.text)) }
  },
  version: async (versionId) => {
    const row = database.get('SELECT text FROM secret_version WHERE version_id = ?', versionId)
    return row && new Redacted(String(row.text))
  },
  stage: async (versionId, text) => {
    database.transaction(() => {
      const insert = 'INSERT INTO secret_version (version_id, text) VALUES (?, ?) ON CONFLICT DO NOTHING'
      database.run(insert, versionId, text.reveal())
      setStage(database, 'AWSPENDING', versionId)
    })
  },
  promote: async (versionId, from) => database.transaction(() => promote(database, versionId, from)),
})

const promote = (database: Database, versionId: string, from: string | undefined) => {
  const current = database.get(`SELECT version_id FROM secret_stage WHERE stage = 'AWSCURRENT'`)?.version_id
  // A repeated call finds the label where the first one put it.
  if (current === versionId) return ok(undefined)
  if ((current ?? undefined) !== from) return err({ reason: 'rotation_superseded' } as const)
  if (from !== undefined) setStage(database, 'AWSPREVIOUS', from)
  setStage(database, 'AWSCURRENT', versionId)
  database.run(`DELETE FROM secret_stage WHERE stage = 'AWSPENDING' AND version_id = ?`, versionId)
  forgetOvertaken(database)
  return ok(undefined)
}

/** A version that lost its last label to another outlives one promotion, so that its rotation learns that it lost. */
const forgetOvertaken = (database: Database): void => {
  const unlabelled = 'FROM secret_version WHERE version_id NOT IN (SELECT version_id FROM secret_stage)'
  const lately = database.all(`SELECT version_id ${unlabelled}`).map(({ version_id }) => String(version_id))
  database.run(`DELETE FROM secret_stage WHERE stage LIKE 'overtaken#%'`)
  for (const versionId of lately) setStage(database, `overtaken#${versionId}`, versionId)
  database.run(`DELETE ${unlabelled}`)
}

const setStage = (database: Database, stage: string, versionId: string): void => {
  const upsert =
    'INSERT INTO secret_stage (stage, version_id) VALUES (?, ?) ON CONFLICT (stage) DO UPDATE SET version_id = excluded.version_id'
  database.run(upsert, stage, versionId)
}
