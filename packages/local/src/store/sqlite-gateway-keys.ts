import { createHash } from 'node:crypto'
import type { GatewayKey, GatewayKeys, GatewayPlan, Period } from '@countersign/core/usage-plan'
import type { Database } from './database.ts'

/** A plan as the emulated gateway enforces it. */
export interface EnforcedPlan {
  readonly key: string
  readonly plan: GatewayPlan
}

/** What the emulated gateway looks up and counts; API Gateway has the like of its own. */
export interface GatewayLedger extends GatewayKeys {
  /** The plans of the key with this value; undefined when there is no such key. */
  plansOf(value: string): readonly EnforcedPlan[] | undefined
  /** Counts one more of a period unless there were `limit` already: then false. */
  count(plan: string, key: string, period: Period, limit: number): boolean
}

/** The emulated gateway's keys, plans and counts in SQLite; of a key's value it keeps a digest, since it only compares. */
export const sqliteGatewayKeys = (database: Database): GatewayLedger => ({
  putPlan: async (plan) => {
    const upsert =
      'INSERT INTO gateway_plan (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body'
    database.run(upsert, plan.name, JSON.stringify(plan))
  },
  closePlan: async (name) => {
    database.run(`UPDATE gateway_plan SET body = json_set(body, '$.stages', json('[]')) WHERE name = ?`, name)
  },
  setKeys: async (owner, keys) => database.transaction(() => setKeys(database, owner, keys)),
  plansOf: (value) => plansOf(database, digest(value)),
  count: (...asked) => count(database, ...asked),
})

const digest = (value: string): string => createHash('sha256').update(value).digest('base64url')

const setKeys = (database: Database, owner: string, keys: readonly GatewayKey[]): void => {
  const gone = database
    .all('SELECT name FROM gateway_key WHERE owner = ?', owner)
    .map(({ name }) => String(name))
    .filter((name) => !keys.some((key) => key.name === name))
  for (const name of gone) database.run('DELETE FROM gateway_key WHERE name = ?', name)
  for (const { name, value, plans } of keys) {
    const insert =
      'INSERT INTO gateway_key (name, owner, digest) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest'
    database.run(insert, name, owner, digest(value.reveal()))
    database.run('DELETE FROM gateway_membership WHERE key = ?', name)
    for (const plan of plans)
      database.run('INSERT INTO gateway_membership (key, plan) VALUES (?, ?)', name, plan)
  }
}

const MEMBERSHIPS = `SELECT gateway_key.name AS key, body FROM gateway_key
  LEFT JOIN gateway_membership ON gateway_membership.key = gateway_key.name
  LEFT JOIN gateway_plan ON gateway_plan.name = gateway_membership.plan
  WHERE digest = ?`

const plansOf = (database: Database, of: string): readonly EnforcedPlan[] | undefined => {
  const rows = database.all(MEMBERSHIPS, of)
  if (rows.length === 0) return undefined
  return rows.flatMap(({ key, body }) =>
    body === null ? [] : [{ key: String(key), plan: JSON.parse(String(body)) as GatewayPlan }],
  )
}

const count = (database: Database, plan: string, key: string, { start }: Period, limit: number): boolean => {
  const upsert = `INSERT INTO gateway_usage (plan, key, period_start, used) VALUES (?, ?, ?, 1)
    ON CONFLICT (plan, key) DO UPDATE SET
      used = CASE WHEN period_start = excluded.period_start THEN used + 1 ELSE 1 END,
      period_start = excluded.period_start
    WHERE period_start <> excluded.period_start OR used < ?`
  return database.run(upsert, plan, key, start.getTime(), limit) === 1
}
