import { afterAll, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { type Heard, type Reply, signers, startReceiver } from '../support/webhook-receiver.ts'
import { done, startWorld } from '../support/world.ts'
import { consumer } from './given.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const REASON = 'its attempts lie hours apart, and nobody can move the clock of AWS'

/** A platform whose clock stands still, with one webhook that hears of consumers. */
const opened = async () => {
  let now = new Date('2026-03-01T12:00:00Z').getTime()
  let dies = 0
  const world = await startWorld({
    clock: () => new Date(now),
    webhookHosts: [{ host: '127.0.0.1' }],
    onStep: (step) => {
      if (step === 'handled' && dies > 0 && receiver.heard.length >= dies) {
        dies = 0
        throw new Error('the process died')
      }
    },
  })
  const receiver = await startReceiver()
  const { client } = world
  const webhook = done(await client.webhooks.register({ url: receiver.url, events: ['consumer.*'] }))
  await world.settled()
  afterAll(async () => {
    await receiver.close()
    await world.stop()
  })
  const pass = async (seconds: number) => {
    now += seconds * 1_000
    await world.settled()
  }
  const always = (reply: Reply) => receiver.answers(...Array.from({ length: 50 }, () => reply))
  const told = async () => {
    const { items } = done(await client.audit.events({ entity: webhook.id, limit: 100 }))
    return items.map(({ type }) => type.replace('webhook.', ''))
  }
  return {
    ...{ world, client, receiver, webhook, pass, always, told },
    shown: async () => done(await client.webhooks.show(webhook.id)),
    queue: async () => {
      const { subscriptions } = done(await client.pipeline.status())
      return subscriptions.find(({ name }) => name === 'DeliverToWebhooks')
    },
    /** The process dies after it has sent so many requests, before it says so to the queue. */
    dieAfter: (requests: number) => {
      dies = requests
    },
  }
}

only('local', REASON, 'webhooks whose receivers fail for long', () => {
  describe('a delivery whose receiver fails', async () => {
    const { world, client, receiver, webhook, pass, always, told, shown, queue } = await opened()
    always(503)
    const { id } = await consumer(client)
    await world.settled()

    it('is tried nine times over hours, with one id and other times, and is then a dead letter that says why', async () => {
      expect(receiver.heard).toHaveLength(1)
      for (let attempt = 2; attempt <= 9; attempt++) {
        await pass(10 * HOUR)
        expect(receiver.heard).toHaveLength(attempt)
      }
      await pass(10 * HOUR)
      expect(receiver.heard).toHaveLength(9)
      const times = receiver.heard.map(({ headers }) => headers['webhook-timestamp'])
      expect(new Set(times).size).toBe(9)
      expect(new Set(receiver.heard.map((heard) => heard.id + heard.body)).size).toBe(1)
      expect(await queue()).toMatchObject({
        ...{ waiting: 0, inFlight: 0, dead: 1 },
        deadLetters: [
          { eventType: 'consumer.registered', receives: 9, lastError: 'the receiver answered 503' },
        ],
      })
    })

    it('is told in the log of the webhook, and not of every attempt', async () => {
      const { items } = done(
        await client.audit.events({ entity: webhook.id, type: 'webhook.delivery-failed' }),
      )
      expect(items.map(({ data }) => (data as { attempt: number }).attempt)).toEqual([4, 5, 6, 7, 8, 9])
      expect(items[0]).toMatchObject({
        ...{ actor: 'webhooks', causationid: receiver.heard[0]?.id },
        data: { eventType: 'consumer.registered', outcome: 'answered', status: 503 },
      })
      expect(await shown()).toMatchObject({ failingSince: expect.any(String), state: 'enabled' })
    })

    it('gets through when its dead letter is put back and the receiver is well, and that is told', async () => {
      receiver.answers()
      expect(done(await client.pipeline.redrive('DeliverToWebhooks'))).toMatchObject({ redriven: 1 })
      await world.settled()
      expect(receiver.heard.at(-1)?.event.subject).toBe(id)
      expect((await told()).at(-1)).toBe('delivery-recovered')
      expect((await shown()).failingSince).toBeUndefined()
      expect(await queue()).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 })
    })

    it('leaves neither the URL nor the secret nor a body in any line of the log', async () => {
      const lines = JSON.stringify(await world.logged())
      expect(lines).toContain('a delivery was given up')
      for (const text of ['/hooks', webhook.secret?.slice(6) ?? '', 'Repairs service'])
        expect(lines).not.toContain(text)
    })
  })

  describe('a receiver that asks for time', async () => {
    const { world, client, receiver, pass } = await opened()

    it('gets it', async () => {
      receiver.answers({ status: 429, headers: { 'retry-after': '600' } })
      await consumer(client)
      await world.settled()
      await pass(599)
      expect(receiver.heard).toHaveLength(1)
      await pass(1)
      expect(receiver.heard).toHaveLength(2)
    })
  })

  describe('a webhook that nothing gets through to', async () => {
    const { world, client, receiver, pass, always, told, shown } = await opened()

    it('is disabled after five days, and what still waits is dropped', async () => {
      always(500)
      await consumer(client)
      for (let hours = 0; hours < 120; hours += 10) await pass(10 * HOUR)
      await consumer(client)
      await world.settled()
      expect((await shown()).state).toBe('enabled')
      await pass(DAY)
      await pass(DAY)
      expect(await shown()).toMatchObject({ state: 'disabled', disabledBecause: 'failing' })
      const [heard, log] = [receiver.heard.length, await told()]
      expect(log.at(-1)).toBe('disabled')
      await pass(DAY)
      expect([receiver.heard.length, (await told()).length]).toEqual([heard, log.length])
    })
  })

  describe('a process that dies between the request and the queue', async () => {
    const { world, client, receiver, webhook, pass, dieAfter } = await opened()

    it('has the event sent again, with the same id, so that the receiver can tell', async () => {
      dieAfter(1)
      await consumer(client)
      await world.settled().catch(() => undefined)
      expect(receiver.heard).toHaveLength(1)
      await pass(HOUR)
      const [first, second] = receiver.heard
      expect(receiver.heard).toHaveLength(2)
      expect([second?.id, second?.body]).toEqual([first?.id, first?.body])
      expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
    })

    it('holds up nothing', async () => {
      const { id } = await consumer(client)
      await world.settled()
      expect(receiver.heard.at(-1)?.event.subject).toBe(id)
      expect(webhook.state).toBe('enabled')
    })
  })

  describe('a webhook that is disabled while a delivery waits for its next attempt', async () => {
    const { world, client, receiver, webhook, pass, queue } = await opened()

    it('is not sent it any more, nor once it is enabled again', async () => {
      receiver.answers(500)
      await consumer(client)
      await world.settled()
      expect(await queue()).toMatchObject({ waiting: 1 })
      done(await client.webhooks.disable(webhook.id))
      await pass(DAY)
      done(await client.webhooks.enable(webhook.id))
      await pass(DAY)
      expect(receiver.heard).toHaveLength(1)
      expect(await queue()).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 })
    })
  })

  describe('a secret that was rotated while a delivery waits for its next attempt', async () => {
    const { world, client, receiver, webhook, pass } = await opened()

    it('signs that attempt, alone once its time has come', async () => {
      receiver.answers(500, 500)
      await consumer(client)
      await world.settled()
      const { secret } = done(await client.webhooks.rotateSecret(webhook.id, { overlap: '1h' }))
      await pass(60)
      await pass(HOUR)
      const [first, second, third] = receiver.heard as readonly [Heard, Heard, Heard]
      const [before, after] = [webhook.secret, secret]
      expect(signers(first, before, after)).toEqual([before])
      expect(signers(second, before, after)).toEqual([before, after])
      expect(signers(third, before, after)).toEqual([after])
    })
  })
})
