import { afterAll, describe, expect, it } from 'vitest'
import { type Heard, startReceiver, verified } from '../support/webhook-receiver.ts'
import { done, openWorld } from '../support/world.ts'
import { consumer } from './given.ts'

const world = await openWorld()
const { client } = world
const opened: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const close of opened) await close()
  await world.stop()
})

/** Somebody registers a receiver; when the stories are over nothing is sent there any more. */
const registered = async (...events: readonly string[]) => {
  const receiver = await startReceiver()
  const webhook = done(await client.webhooks.register({ url: receiver.url, events, name: 'Security team' }))
  opened.push(async () => {
    await receiver.close()
    await client.webhooks.disable(webhook.id)
  })
  await world.settled()
  return { ...receiver, ...webhook }
}
const about = (subject: string, type: string) => (heard: Heard) =>
  heard.event.subject === subject && heard.event.type === type
const shown = async (id: string) => done(await client.webhooks.show(id))

describe('a webhook', () => {
  it('shows its secret once, when it is registered, and keeps it nowhere', async () => {
    const { id, secret = '' } = await registered('token.*')
    expect(secret).toMatch(/^whsec_/)
    const { items } = done(await client.webhooks.list())
    const listed = items.find((webhook) => webhook.id === id)
    expect(listed).toMatchObject({
      state: 'enabled',
      name: 'Security team',
      events: ['token.*'],
      generation: 1,
    })
    expect(await shown(id)).toEqual(listed)
    const log = done(await client.audit.events({ entity: id }))
    expect(JSON.stringify([listed, log])).not.toContain(secret.slice('whsec_'.length))
  })

  it('gets the same answer, with the secret, when the registration is repeated', async () => {
    const receiver = await startReceiver()
    opened.push(receiver.close)
    const register = () =>
      client.webhooks.register({ url: receiver.url, events: ['api.*'] }, { idempotencyKey: receiver.url })
    const first = done(await register())
    expect(done(await register())).toEqual(first)
  })

  it('is sent the events it was registered for, signed as Standard Webhooks has it', async () => {
    const receiver = await registered('consumer.*')
    const { id } = await consumer(client)
    done(await client.consumers.suspend(id))
    const [heard] = await receiver.hears('the suspension', about(id, 'consumer.suspended'))
    await receiver.hears('the registration', about(id, 'consumer.registered'))
    const { items } = done(await client.audit.events({ entity: id, type: 'consumer.suspended' }))
    expect(verified(receiver.secret, heard as Heard)).toEqual({ ...items[0], timestamp: items[0]?.time })
    expect(heard?.headers).toMatchObject({ 'webhook-id': items[0]?.id, 'content-type': 'application/json' })
    expect(receiver.heard.every(({ event }) => event.type.startsWith('consumer.'))).toBe(true)
  })

  it('is sent an event again, with the same id and the same bytes, when its receiver failed', async () => {
    const receiver = await registered('consumer.registered')
    receiver.answers(503)
    const { id } = await consumer(client)
    const [first, second] = await receiver.hears('it twice', about(id, 'consumer.registered'), 2)
    expect([second?.id, second?.body]).toEqual([first?.id, first?.body])
    for (const heard of [first, second]) expect(verified(receiver.secret, heard as Heard)).toBeDefined()
  })

  it('does not wait for another whose receiver hangs', async () => {
    const [hanging, healthy] = [
      await registered('consumer.registered'),
      await registered('consumer.registered'),
    ]
    hanging.answers(...Array.from({ length: 20 }, () => 'hangs' as const))
    const ids: string[] = []
    for (let count = 0; count < 12; count++) ids.push((await consumer(client)).id)
    const started = performance.now()
    for (const id of ids) await healthy.hears('everything', about(id, 'consumer.registered'))
    const patience = 10_000 // of one attempt with the receiver that hangs
    expect(performance.now() - started).toBeLessThan(patience)
    done(await client.webhooks.disable(hanging.id, { note: 'it hangs' }))
    await hanging.close()
  })

  it('is signed for with both secrets after a rotation, and with the new one alone after a rotation at once', async () => {
    const receiver = await registered('consumer.registered')
    const heardOf = async () => {
      const { id } = await consumer(client)
      const [heard] = await receiver.hears('the registration', about(id, 'consumer.registered'))
      return heard as Heard
    }
    const second = done(await client.webhooks.rotateSecret(receiver.id, { overlap: '1h' }))
    expect(second).toMatchObject({ generation: 2, previousUntil: expect.any(String) })
    const both = await heardOf()
    expect([verified(receiver.secret, both), verified(second.secret, both)]).toHaveLength(2)
    const third = done(await client.webhooks.rotateSecret(receiver.id, { now: true }))
    const alone = await heardOf()
    expect(verified(third.secret, alone)).toBeDefined()
    expect(() => verified(second.secret, alone)).toThrow('No matching signature')
  })

  it('is sent nothing while it is disabled, and what happens from then on once it is enabled again', async () => {
    const receiver = await registered('consumer.registered')
    expect(done(await client.webhooks.disable(receiver.id, { note: 'moving' }))).toMatchObject({
      state: 'disabled',
      disabledBecause: 'requested',
    })
    await world.settled()
    const unheard = await consumer(client)
    await world.settled()
    done(await client.webhooks.enable(receiver.id))
    await world.settled()
    const { id } = await consumer(client)
    await receiver.hears('what came after', about(id, 'consumer.registered'))
    expect(receiver.heard.filter(about(unheard.id, 'consumer.registered'))).toEqual([])
  })

  it('can be led elsewhere and hear of other events, under the secret it has', async () => {
    const [before, after] = [await registered('api.*'), await startReceiver()]
    opened.push(after.close)
    const { id, secret, name } = before
    const changed = { url: after.url, events: ['consumer.registered'], name }
    expect(done(await client.webhooks.change(id, changed))).toMatchObject({ ...changed, generation: 1 })
    const { changedAt } = await shown(id)
    expect(done(await client.webhooks.change(id, changed)).changedAt).toBe(changedAt)
    await world.settled()
    const heard = await consumer(client)
    const [told] = await after.hears('the registration', about(heard.id, 'consumer.registered'))
    expect(verified(secret, told as Heard)).toBeDefined()
    expect(before.heard).toEqual([])
    const log = done(await client.audit.events({ entity: id })).items
    expect(log.map(({ type }) => type)).toEqual(['webhook.registered', 'webhook.changed'])
    expect(await client.webhooks.change(id, changed, { ifMatch: '"1"' })).toMatchObject({
      error: { problem: { status: 412, code: 'version_mismatch' } },
    })
  })

  it('is disabled when its receiver says that it is gone', async () => {
    const receiver = await registered('consumer.registered')
    receiver.answers(410)
    const { id } = await consumer(client)
    await receiver.hears('the registration', about(id, 'consumer.registered'))
    await expect
      .poll(() => shown(receiver.id), { timeout: 30_000 })
      .toMatchObject({ state: 'disabled', disabledBecause: 'gone' })
    expect(receiver.heard).toHaveLength(1)
  })

  it('can be tested: an event of its own is sent at once, and the answer says what came of it', async () => {
    const receiver = await registered('key-ring.rotation-failed')
    const tested = done(await client.webhooks.test(receiver.id))
    expect(tested).toMatchObject({ id: receiver.id, delivered: true, outcome: 'answered', status: 204 })
    const [heard] = receiver.heard
    expect(verified(receiver.secret, heard as Heard)).toMatchObject({
      id: tested.eventId,
      type: 'webhook.tested',
    })
    receiver.answers(500)
    expect(done(await client.webhooks.test(receiver.id))).toMatchObject({ delivered: false, status: 500 })
    await receiver.close()
    expect(done(await client.webhooks.test(receiver.id))).toMatchObject({
      delivered: false,
      outcome: 'connection_failed',
    })
  })
})

describe('a webhook is refused', () => {
  it.each([
    ['http://hooks.example.org/', 'webhook_url_insecure'],
    ['https://169.254.169.254/latest/meta-data/', 'webhook_address_refused'],
    ['https://2130706434/', 'webhook_address_refused'],
    ['https://[::ffff:10.0.0.1]/', 'webhook_address_refused'],
    ['https://ann:hunter2@1.1.1.1/', 'webhook_url_with_credentials'],
    ['https://1.1.1.1/?token=hunter2', 'webhook_url_with_query'],
  ])('with the URL %s', async (url, code) => {
    const refused = await client.webhooks.register({ url, events: ['*'] })
    expect(refused).toMatchObject({
      error: { problem: { status: 400, code, errors: [{ pointer: '/url', code }] } },
    })
    expect(JSON.stringify(refused)).not.toContain('hunter2')
  })

  it('for events that there are not, each where it stands', async () => {
    const { url, close } = await startReceiver()
    const refused = await client.webhooks.register({ url, events: ['token.*', 'token.stolen', 'tokens.*'] })
    await close()
    expect(refused).toMatchObject({
      error: { problem: { errors: ['/events/1', '/events/2'].map((pointer) => ({ pointer })) } },
    })
  })

  it('when it is not there', async () => {
    for (const ask of ['show', 'disable', 'enable', 'rotateSecret', 'test'] as const)
      expect(await client.webhooks[ask]('whk_0')).toMatchObject({
        error: { problem: { status: 404, code: 'webhook_not_found' } },
      })
  })
})
