import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { EventOf } from '@countersign/core/events'
import { digestOf } from '@countersign/core/shared'
import type { KeyLog } from '@countersign/core/signing-key'
import { make as makeAuthorizer } from '@countersign/functions/authorizer/authorize'
import { readKeyRing } from '@countersign/functions/runtime/mint'
import { LOCAL_ISSUER, openDatabase, sqliteAccessRows, sqliteKeyRing, sqliteLedger } from '@countersign/local'
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { expect } from 'vitest'
import { isRefused, type KnownToken, type Story } from './kill-story.ts'

const FILE = 'countersign.sqlite'

/** What a dead platform left behind, looked at in a copy: the one that comes after finds it as it was left. */
export const autopsy = async <T>(data: string, look: (found: Remains) => Promise<T>): Promise<T> => {
  const folder = `${data}-copy`
  mkdirSync(folder, { recursive: true })
  for (const name of [FILE, `${FILE}-wal`])
    if (existsSync(join(data, name))) copyFileSync(join(data, name), join(folder, name))
  const database = openDatabase(join(folder, FILE))
  try {
    return await look(remainsOf(database))
  } finally {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

export type Remains = ReturnType<typeof remainsOf>

const remainsOf = (database: ReturnType<typeof openDatabase>) => ({
  ledger: sqliteLedger(database),
  accessRows: sqliteAccessRows(database),
  keyRing: sqliteKeyRing(database),
})

export const allEvents = async ({ ledger }: Pick<Remains, 'ledger'>): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  let after: string | undefined
  do {
    const page = await ledger.events({ limit: 1_000, after })
    events.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return events
}

/** Each entity's log: versions without a gap from 1, each event with the hash of the one before. */
export const expectUnbroken = (events: readonly EventOf[]): ReadonlyMap<string, readonly EventOf[]> => {
  const logs = Map.groupBy(events, ({ subject }) => subject)
  for (const [subject, log] of logs) {
    const versions = log.map(({ entityversion }) => entityversion)
    expect(versions, subject).toEqual(log.map((_, index) => index + 1))
    const heads = ['', ...log.slice(0, -1).map(digestOf)]
    expect(
      log.map(({ previoushash }) => previoushash),
      subject,
    ).toEqual(heads)
  }
  return logs
}

const commandless = (story: Story, log: readonly EventOf[], operator: string): boolean =>
  log[0]?.actor !== operator || story.logs.has(log[0]?.subject ?? '')

/**
 * Everything acknowledged is there, once, in state and log; nothing else is, but the effect of the one command whose
 * answer was never heard.
 */
export const expectRemembered = async (
  remains: Remains,
  story: Story,
  operator: string,
  unheard: number,
): Promise<void> => {
  const logs = expectUnbroken(await allEvents(remains))
  const more = [...logs.values()].filter((log) => !commandless(story, log, operator))
  let extra = more.reduce((sum, log) => sum + log.length, 0)
  for (const [subject, types] of story.logs) {
    const found = (logs.get(subject) ?? []).map(({ type }) => type)
    expect(found.slice(0, types.length), subject).toEqual(types)
    extra += found.length - types.length
  }
  const rotations = (logs.get('key-ring') ?? []).filter(({ type }) => type === 'signing-key.created')
  expect(rotations.map(({ data }) => (data as { kid: string }).kid)).toEqual(
    expect.arrayContaining(story.kids),
  )
  expect(extra, 'events of a command that was not acknowledged').toBeLessThanOrEqual(unheard)
  for (const { id, state } of story.tokens) await expectState(remains, id, state, unheard)
}

const expectState = async ({ ledger }: Remains, id: string, state: string, unheard: number) => {
  const loaded = await ledger.load<{ readonly status: string }>('token', id)
  // The unheard command may have moved this token on; its log was compared above.
  if (unheard === 0) expect(loaded.state?.status, id).toBe(state)
  else expect(loaded.state, id).toBeDefined()
}

/** Each API that the hub published is there, once and where it was said to live. */
export const expectPublished = async (remains: Remains, names: readonly string[]): Promise<void> => {
  const logs = Map.groupBy(await allEvents(remains), ({ subject }) => subject)
  for (const name of names) {
    const labels = [`name=${name}`]
    const { items } = await remains.ledger.list('api', { labels, limit: 10, after: undefined })
    const types = items.map(({ id }) => logs.get(id)?.map(({ type }) => type))
    expect(types, name).toEqual([['api.registered', 'api.deployed']])
  }
}

/** Every key that the ring has is in the log, once. */
export const expectKeysLogged = async (remains: Remains): Promise<void> => {
  const { state } = await remains.ledger.load<KeyLog>('key-ring', 'key-ring')
  const ring = await readKeyRing(remains)
  expect(Object.keys(state?.keys ?? {})).toEqual(expect.arrayContaining(ring.keys.map(({ kid }) => kid)))
}

/** What the authorizer says with the rows as the dead process left them: nothing was delivered since. */
export const decisions = (remains: Remains) => {
  const authorize = makeAuthorizer({
    ...remains,
    consumerKeyRings: () => ({ current: async () => undefined }),
    clock: () => new Date(),
    newId: (kind) => `${kind}_0` as never,
    settings: { issuer: LOCAL_ISSUER, ringRefreshSeconds: 1 },
    log: () => {},
  })
  return async ({ presented, gatewayId }: KnownToken): Promise<'allow' | 'deny' | 'unauthorized'> => {
    const event = {
      type: 'REQUEST',
      methodArn: `arn:aws:execute-api:eu-west-2:111111111111:${gatewayId}/v1/GET/things`,
      headers: { authorization: `Bearer ${presented}` },
    } as unknown as APIGatewayRequestAuthorizerEvent
    try {
      const { policyDocument } = await authorize(event)
      return policyDocument.Statement.some(({ Effect }) => Effect === 'Allow') ? 'allow' : 'deny'
    } catch (error) {
      if (error instanceof Error && error.message === 'Unauthorized') return 'unauthorized'
      throw error
    }
  }
}

/**
 * A refusal that was acknowledged stands in the read model before anything is delivered; `path` is of the command whose
 * answer was never heard, and which may have given back what it names.
 */
export const expectRefused = async (remains: Remains, story: Story, path = ''): Promise<void> => {
  const decide = decisions(remains)
  const refused = story.tokens.filter(isRefused)
  const certain = refused.filter(({ id, consumer }) => !path.includes(id) && !path.includes(consumer.id))
  for (const token of certain) expect(await decide(token), `${token.id} ${token.state}`).not.toBe('allow')
}
