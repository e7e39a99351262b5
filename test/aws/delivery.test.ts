import { randomUUID } from 'node:crypto'
import { EVENT_SOURCE } from '@countersign/core/events'
import { afterAll, describe, expect, it } from 'vitest'
import { consumer, example, publish, REPAIRS, SHOW, TENANCY } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import { eventually } from './eventually.ts'
import { hasten, invoke, setPolling } from './levers.ts'
import { openEmulatorWorld } from './world.ts'

const world = await openEmulatorWorld()
afterAll(() => world.stop())
const { client } = world
await hasten(world, 'ProjectAccess')
await publish(client, 'tenancies')
const { id: holder } = await consumer(client)

const issue = async () => {
  const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
  const { id, token } = done(await client.tokens.issue({ consumer: holder, grants, expiresIn: '1d' }))
  if (token === undefined) throw new Error('the token waits for approval')
  return { id, token }
}
const statusWith = async (token: string) => (await world.call({ path: TENANCY, token })).status
const opens = (token: string) => eventually('the token opens', async () => (await statusWith(token)) === 200)

const deadLetters = async () => {
  const { subscriptions } = done(await client.pipeline.status())
  return subscriptions.find(({ name }) => name === 'ProjectAccess')?.dead
}

const putOnBus = async (DetailType: string, detail: string) => {
  const Entries = [
    { EventBusName: world.deployment.outputs.bus, Source: EVENT_SOURCE, DetailType, Detail: detail },
  ]
  expect(await world.wire.target('events', 'PutEvents', { Entries })).toMatchObject({ FailedEntryCount: 0 })
}

describe('delivery on AWS services', () => {
  it('lets nothing wait for the relay that takes access away, and everything that gives it', async () => {
    const before = await issue()
    await opens(before.token)
    await setPolling(world, 'Relay', false)
    const late = await issue()
    done(await client.tokens.revoke(before.id, { reason: 'compromised' }))
    expect(await statusWith(before.token)).toBe(401)
    expect(await statusWith(late.token)).toBe(401)
    await setPolling(world, 'Relay', true)
    await opens(late.token)
    await world.settled()
    expect(await statusWith(before.token)).toBe(401)
  })

  it('gives a poisonous message up, delivers its neighbours, and moves it back on demand', async () => {
    const before = await issue()
    await putOnBus('token.issued', JSON.stringify({ poison: true }))
    const after = await issue()
    await opens(before.token)
    await opens(after.token)
    await eventually('the poison is a dead letter', async () => (await deadLetters()) === 1)
    expect(done(await client.pipeline.redrive('ProjectAccess'))).toMatchObject({ redriven: 1 })
    await eventually('it is one again', async () => (await deadLetters()) === 1)
  })

  it('delivers each event of a burst, and what comes twice has no second effect', async () => {
    const issued = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const mine: string[] = []
        for (let count = 0; count < 20; count++) mine.push((await issue()).id)
        return mine
      }),
    )
    await world.settled()
    const { live } = await world.readModels()
    expect(issued.flat().filter((id) => !live.has(`token#${id}`))).toEqual([])
    const events = await world.services.ledger.events({ type: 'token.issued', limit: 100, after: undefined })
    expect(await world.services.publisher.publish(events.items)).toEqual([])
    await world.settled()
    expect((await world.readModels()).live).toEqual(live)
  })

  it('registers what the API Hub published once, however often it is delivered', async () => {
    const publication = {
      publicationId: 'hub-repairs',
      name: 'repairs',
      owner: 'housing@example.org',
      openapi: example('repairs'),
      deployments: [{ environment: 'staging', ...REPAIRS }],
    }
    await world.publishHubEvent('api-hub.api-published', publication)
    await world.publishHubEvent('api-hub.api-published', publication)
    await world.settled()
    const query = { type: 'api.registered', limit: 100, after: undefined } as const
    const { items } = await world.services.ledger.events(query)
    expect(items.filter(({ actor }) => actor === 'api-hub')).toHaveLength(1)
  })
})

describe('the rotation of the key ring, step by step as Secrets Manager asks for it', () => {
  const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
  const step = (Step: (typeof STEPS)[number], ClientRequestToken: string) =>
    invoke(world, 'RotateKeyRingRotation', {
      Step,
      ClientRequestToken,
      SecretId: world.deployment.outputs.environment.KEY_RING_SECRET,
    })
  const rotate = async (token: string, times = 1) => {
    for (const name of STEPS)
      for (let time = 0; time < times; time++)
        expect(await step(name, token)).not.toHaveProperty('errorMessage')
  }
  const kids = async () => done(await client.signingKeys.list()).items.map(({ kid }) => kid)

  it('adds a key and keeps the ones before it, each step asked for twice', async () => {
    const before = await kids()
    await rotate(randomUUID(), 2)
    const after = await kids()
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after).toHaveLength(before.length + 1)
  })

  it('keeps every token working', async () => {
    const { token } = await issue()
    await opens(token)
    await rotate(randomUUID())
    expect(await statusWith(token)).toBe(200)
    await opens((await issue()).token)
  })

  it('is not blocked by one that was abandoned after any step', async () => {
    for (let steps = 1; steps < STEPS.length; steps++) {
      const abandoned = randomUUID()
      for (const name of STEPS.slice(0, steps)) await step(name, abandoned)
      const before = await kids()
      await rotate(randomUUID())
      expect(await kids()).toHaveLength(before.length + 1)
    }
  })

  it('lets one of two that cross win, tells the other, and loses no key', async () => {
    const before = await kids()
    const [one, other] = [randomUUID(), randomUUID()]
    for (const name of ['createSecret', 'setSecret', 'testSecret'] as const) {
      await step(name, one)
      await step(name, other)
    }
    const ends = [await step('finishSecret', one), await step('finishSecret', other)]
    expect(ends.filter((end) => end?.errorMessage !== undefined)).toHaveLength(1)
    expect(ends.find((end) => end?.errorMessage)?.errorMessage).toMatch(/finishSecret: rotation_/)
    const after = await kids()
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after).toHaveLength(before.length + 1)
  })
})
