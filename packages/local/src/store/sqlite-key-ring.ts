import { err, ok, Redacted } from '@countersign/core/shared'
import type { KeyRingStore } from '@countersign/core/signing-key'
import type { Database } from './database.ts'

/** A key ring's secret in SQLite, with the stages Secrets Manager has. `secret`: its name among the others. */
export const sqliteKeyRing = (database: Database, secret = 'KeyRing'): KeyRingStore => {
  const labels = labelsOf(database, secret)
  return {
    current: async () => {
      const versionId = labels.at('AWSCURRENT')
      const text = versionId === undefined ? undefined : textOf(database, secret, versionId)
      return versionId !== undefined && text ? { versionId, text } : undefined
    },
    version: async (versionId) => textOf(database, secret, versionId),
    stage: async (versionId, text) => {
      database.transaction(() => {
        const insert =
          'INSERT INTO secret_version (secret, version_id, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
        database.run(insert, secret, versionId, text.reveal())
        labels.put('AWSPENDING', versionId)
      })
    },
    promote: async (versionId, from) => database.transaction(() => promote(labels, versionId, from)),
  }
}

const textOf = (database: Database, secret: string, versionId: string): Redacted<string> | undefined => {
  const row = database.get(
    'SELECT text FROM secret_version WHERE secret = ? AND version_id = ?',
    secret,
    versionId,
  )
  return row && new Redacted(String(row.text))
}

type Labels = ReturnType<typeof labelsOf>

const labelsOf = (database: Database, secret: string) => ({
  at: (stage: string): string | undefined => {
    const row = database.get(
      'SELECT version_id FROM secret_stage WHERE secret = ? AND stage = ?',
      secret,
      stage,
    )
    return row && String(row.version_id)
  },
  put: (stage: string, versionId: string): void => {
    const upsert =
      'INSERT INTO secret_stage (secret, stage, version_id) VALUES (?, ?, ?) ON CONFLICT (secret, stage) DO UPDATE SET version_id = excluded.version_id'
    database.run(upsert, secret, stage, versionId)
  },
  take: (stage: string, versionId: string): void => {
    const remove = 'DELETE FROM secret_stage WHERE secret = ? AND stage = ? AND version_id = ?'
    database.run(remove, secret, stage, versionId)
  },
  /** A version that lost its last label to another outlives one promotion, so that its rotation learns that it lost. */
  forgetOvertaken: (): void => {
    const unlabelled =
      'FROM secret_version WHERE secret = ? AND version_id NOT IN (SELECT version_id FROM secret_stage WHERE secret = ?)'
    const lately = database.all(`SELECT version_id ${unlabelled}`, secret, secret)
    database.run(`DELETE FROM secret_stage WHERE secret = ? AND stage LIKE 'overtaken#%'`, secret)
    for (const { version_id: id } of lately) labelsOf(database, secret).put(`overtaken#${id}`, String(id))
    database.run(`DELETE ${unlabelled}`, secret, secret)
  },
})

const promote = (labels: Labels, versionId: string, from: string | undefined) => {
  const current = labels.at('AWSCURRENT')
  // A repeated call finds the label where the first one put it.
  if (current === versionId) return ok(undefined)
  if (current !== from) return err({ reason: 'rotation_superseded' } as const)
  if (from !== undefined) labels.put('AWSPREVIOUS', from)
  labels.put('AWSCURRENT', versionId)
  labels.take('AWSPENDING', versionId)
  labels.forgetOvertaken()
  return ok(undefined)
}
