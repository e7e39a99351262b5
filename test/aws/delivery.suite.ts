import { randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { EVENT_SOURCE } from '@countersign/core/events'
import { afterAll, describe, expect, it } from 'vitest'
import { example, REPAIRS } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import { bootstrap } from './deploy.ts'
import { eventually } from './eventually.ts'
import { housing } from './given.ts'
import { invoke } from './levers.ts'
import { everyEvent } from './read-models.ts'
import { openEmulatorWorld } from './world.ts'

/** The stories first, on the deployment that the rest is about. */
await import('./acceptance.suite.ts')

const world = await openEmulatorWorld()
afterAll(() => world.stop())
const { client } = world
const { issue, issueAgain, statusWith, opens, dead } = await housing(world)

const putOnBus = async (DetailType: string, detail: string) => {
  const Entries = [
    { EventBusName: world.deployment.outputs.bus, Source: EVENT_SOURCE, DetailType, Detail: detail },
  ]
  expect(await world.wire.target('events', 'PutEvents', { Entries })).toMatchObject({ FailedEntryCount: 0 })
}

describe('delivery on AWS services', () => {
  it('gives a poisonous message up, delivers its neighbours, and moves it back on demand', async () => {
    const before = await issue()
    await putOnBus('token.issued', JSON.stringify({ poison: true }))
    const after = await issue()
    await opens(before.token)
    await opens(after.token)
    await eventually('the poison is a dead letter', async () => (await dead()) === 1)
    expect(done(await client.pipeline.redrive('ProjectAccess'))).toMatchObject({ redriven: 1 })
    expect(await dead()).toBe(0)
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
    const events = (await everyEvent(world.wire, world.deployment)).length
    await bootstrap(world.emulator, world.deployment, world.credentialFile)
    expect(readFileSync(world.credentialFile, 'utf8')).toBe(world.credential)
    expect(statSync(world.credentialFile).mode & 0o777).toBe(0o600)
    expect(await everyEvent(world.wire, world.deployment)).toHaveLength(events)
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
