import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { EVENT_SOURCE } from '@countersign/core/events'
import { type SubscriptionName, subscriptions, takes } from '@countersign/topology'
import { decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { example, REPAIRS } from '../acceptance/given.ts'
import { rotationContract } from '../contract/rotation.ts'
import { done } from '../support/world.ts'
import { bootstrap, rebuild } from './deploy.ts'
import { eventually } from './eventually.ts'
import { housing } from './given.ts'
import { hasten, invoke, saidOfFailures } from './levers.ts'
import { everyEvent } from './read-models.ts'
import { restartStory } from './restart.suite.ts'
import { openEmulatorWorld } from './world.ts'

const world = await openEmulatorWorld({ enforceIam: true })
afterAll(() => world.stop())
let begun = new Date()
beforeEach(() => {
  begun = new Date()
})
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  for (const line of await saidOfFailures(world, begun)) process.stderr.write(`${line}\n`)
})
const { client } = world
const housed = await housing(world)
const { issue, issueAgain, statusWith, opens, dead } = housed

const putOnBus = async (DetailType: string, detail: string) => {
  const Entries = [
    { EventBusName: world.deployment.outputs.bus, Source: EVENT_SOURCE, DetailType, Detail: detail },
  ]
  expect(await world.wire.target('events', 'PutEvents', { Entries })).toMatchObject({ FailedEntryCount: 0 })
}

describe('delivery on AWS services', () => {
  it('gives a poisonous message up, delivers its neighbours, and moves it back on demand', async () => {
    const readers = Object.entries(subscriptions).flatMap(([name, subscription]) =>
      takes(subscription, EVENT_SOURCE, 'token.issued') ? [name as SubscriptionName] : [],
    )
    expect(readers).toContain('ProjectAccess')
    for (const name of readers) await hasten(world, name)
    const before = await issue()
    await putOnBus('token.issued', JSON.stringify({ poison: true }))
    const after = await issue()
    await opens(before.token)
    await opens(after.token)
    for (const name of readers) {
      await eventually(`the poison is a dead letter of ${name}`, async () => (await dead(name)) === 1)
      expect(done(await client.pipeline.redrive(name))).toMatchObject({ redriven: 1 })
      expect(await dead(name)).toBe(0)
    }
  })

  it('delivers each event of a burst, and what comes twice has no second effect', async () => {
    const issued = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const mine: string[] = []
        for (let count = 0; count < 20; count++) mine.push((await issueAgain()).id)
        return mine
      }),
    )
    await world.settled()
    const ids = new Set<string>(issued.flat())
    const events = (await everyEvent(world.wire, world.deployment)).filter(
      ({ type, subject }) => type === 'token.issued' && ids.has(subject),
    )
    expect(events).toHaveLength(ids.size)
    expect(new Set(events.map(({ subject }) => subject))).toEqual(ids)
    const { live, rebuilt } = await world.readModels()
    expect(live).toEqual(rebuilt)
    for (const { subject, entityversion } of events)
      expect(live.get(`token#${subject}`)?.registers.grant?.rank).toBe(entityversion)
    expect(await world.services.publisher.publish(events.toReversed())).toEqual([])
    await world.settled()
    expect((await world.readModels()).live).toEqual(live)
  })

  it('registers what the API Hub published once, however often it is delivered', async () => {
    const publication = {
      publicationId: 'hub-twice',
      name: 'twice',
      owner: 'housing@example.org',
      openapi: example('repairs'),
      deployments: [{ environment: 'staging', ...REPAIRS, gatewayId: 'jkl012' }],
    }
    await world.publishHubEvent('api-hub.api-published', publication)
    await world.publishHubEvent('api-hub.api-published', publication)
    await eventually('it is registered', async () => (await client.apis.show('twice')).ok)
    await world.settled()
    const { id } = done(await client.apis.show('twice'))
    const query = { type: 'api.registered', limit: 100, after: undefined } as const
    const { items } = await world.services.ledger.events(query)
    expect(
      items.filter(({ subject, data }) => subject === id || JSON.stringify(data).includes('"twice"')),
    ).toHaveLength(1)
  })
})

describe('the bootstrap of a deployment', () => {
  it('may be repeated: the credential stays, readable by its owner alone, and so does all that was said', async () => {
    const before = new Set((await everyEvent(world.wire, world.deployment)).map(({ id }) => id))
    await bootstrap(world.emulator, world.deployment, world.credentialFile)
    expect(readFileSync(world.credentialFile, 'utf8')).toBe(world.credential)
    expect(statSync(world.credentialFile).mode & 0o777).toBe(0o600)
    const since = (await everyEvent(world.wire, world.deployment)).filter(({ id }) => !before.has(id))
    // What decisions come to is told beside all this, whenever the logs arrive.
    expect(since.filter(({ type }) => type !== 'access.denied')).toEqual([])
  })
})

describe('a rebuild of the deployed read model', () => {
  const checked = (mode: '--check' | '--write') => rebuild(world.emulator, world.deployment, mode)

  it('refuses again what lost its tombstone, takes away what no event made, and finds nothing the second time', async () => {
    const { id, token } = await issue()
    await opens(token)
    done(await client.tokens.revoke(id, { reason: 'compromised' }))
    await world.settled()
    expect(await checked('--check')).toEqual({ code: 0, rows: [] })
    const [key, planted] = [`token#${id}`, `token#tok_${'0'.repeat(32)}`]
    const TableName = world.deployment.outputs.environment.ACCESS_TABLE
    const { Item } = await world.wire.target('dynamodb', 'GetItem', { TableName, Key: { key: { S: key } } })
    const { 'r#refusal': _, ...opening } = Item as Record<string, unknown>
    for (const S of [key, planted])
      await world.wire.target('dynamodb', 'PutItem', { TableName, Item: { ...opening, key: { S } } })
    expect(await statusWith(token)).toBe(200)
    const rows = expect.arrayContaining([key, planted])
    expect(await checked('--check')).toEqual({ code: 1, rows })
    expect(await checked('--write')).toEqual({ code: 0, rows })
    expect(await statusWith(token)).toBe(401)
    expect(await checked('--check')).toEqual({ code: 0, rows: [] })
  })
})

rotationContract('in Secrets Manager, over the wire', async () => ({
  step: async (Step, ClientRequestToken) => {
    const SecretId = world.deployment.outputs.environment.KEY_RING_SECRET
    return (await invoke(world, 'RotateKeyRingRotation', { Step, ClientRequestToken, SecretId })).errorMessage
  },
  kids: async () => done(await client.signingKeys.list()).items.map(({ kid }) => kid),
}))

it('keeps every token working over a rotation of the key ring', async () => {
  const { token } = await issue()
  await opens(token)
  const SecretId = world.deployment.outputs.environment.KEY_RING_SECRET
  const ClientRequestToken = randomUUID()
  for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'])
    expect(
      await invoke(world, 'RotateKeyRingRotation', { Step, ClientRequestToken, SecretId }),
    ).not.toHaveProperty('errorMessage')
  expect(await statusWith(token)).toBe(200)
  await opens((await issue()).token)
})

it.each(['EdDSA', 'ES256'] as const)(
  'signs with a key of %s once its time has come, and what older keys signed goes on',
  async (algorithm) => {
    const before = await issue()
    await opens(before.token)
    const { kid, signsFrom } = done(await client.signingKeys.rotate({ algorithm }))
    const next = await issue()
    expect(decodeProtectedHeader(next.token).kid).not.toBe(kid)
    await eventually('its time has come', async () => Date.now() > Date.parse(signsFrom))
    const { token } = await issue()
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: algorithm, kid })
    await opens(token)
    expect([await statusWith(before.token), await statusWith(next.token)]).toEqual([200, 200])
  },
)

/** At last, with all that was said before. */
restartStory(world, housed)
