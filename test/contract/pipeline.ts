import type { Pipeline, Publisher, SubscriptionStatus } from '@countersign/core/events'
import { fact, recordFacts } from '@countersign/core/events'
import { type InboxName, inboxes } from '@countersign/topology'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anyEvent, causeAt, NOW, newIds } from './changes.ts'

/** A message that a subscriber holds. */
export interface Delivery {
  readonly handle: string
  readonly body: string
  /** How often it was received, this time included. */
  readonly receives: number
}

/** The road from the publisher to the subscribers, as one store has it. */
export interface Road {
  readonly publisher: Publisher
  readonly pipeline: Pipeline
  /** What is visible now, hidden from others from here on. */
  receive(subscription: InboxName): Promise<readonly Delivery[]>
  /** Puts a message into the queue past the bus, as it is. */
  put(subscription: InboxName, body: string): Promise<void>
  done(delivery: Delivery): Promise<void>
  /** The handler gave it back with an error, where the store is told of errors at all. */
  failed(subscription: InboxName, delivery: Delivery, error: string): Promise<void>
  /** Until what was hidden is visible again. */
  visibleAgain(): Promise<void>
  close(): Promise<void>
}

const QUEUE = 'ProjectAccess'
const { maxReceiveCount } = inboxes[QUEUE]

/** What every bus with its queues does: at least once, dead-lettered after the limit, redriven on demand. */
export const pipelineContract = (name: string, makeRoad: () => Promise<Road>): void => {
  describe(`the pipeline ${name}`, () => {
    let road: Road
    let newId: ReturnType<typeof newIds>
    beforeEach(async () => {
      road = await makeRoad()
      newId = newIds()
    })
    afterEach(() => road.close())

    const tokenRevoked = () => {
      const tokenId = newId('token')
      const at = NOW.toISOString()
      const revoked = fact('token.revoked', { tokenId, expiresAt: at, revokedAt: at, reason: 'requested' })
      const [event] = recordFacts(tokenId, { version: 1, head: 'x' }, [revoked], causeAt(NOW), newId)
      if (!event) throw new Error('a fact makes an event')
      return event
    }
    const statusOf = async (subscription: InboxName = QUEUE): Promise<SubscriptionStatus | undefined> =>
      (await road.pipeline.status()).subscriptions.find(({ name: known }) => known === subscription)
    const receiveOne = async (): Promise<Delivery> => {
      const [delivery] = await road.receive(QUEUE)
      if (!delivery) throw new Error('nothing was visible')
      return delivery
    }
    const die = async (): Promise<void> => {
      for (let receives = 1; receives <= maxReceiveCount; receives++) {
        const delivery = await receiveOne()
        expect(delivery.receives).toBe(receives)
        await road.failed(QUEUE, delivery, 'Error: the store is full')
        await road.visibleAgain()
      }
      expect(await road.receive(QUEUE)).toEqual([])
    }

    it('hands an event to every subscription that names its type, as EventBridge would, and to no other', async () => {
      const event = tokenRevoked()
      expect(await road.publisher.publish([event, anyEvent(newId)])).toEqual([])
      const { body } = await receiveOne()
      const delivered = JSON.parse(body)
      expect(delivered).toMatchObject({ source: 'countersign', 'detail-type': 'token.revoked' })
      expect(delivered.detail).toEqual(event)
      expect(await road.receive(QUEUE)).toEqual([])
      expect(await road.receive('RegisterPublishedApi')).toEqual([])
    })

    it('publishes nothing when there is nothing', async () => {
      expect(await road.publisher.publish([])).toEqual([])
      expect(await road.receive(QUEUE)).toEqual([])
    })

    it('hides a message that somebody holds, and hands it out again until it is done', async () => {
      await road.publisher.publish([tokenRevoked()])
      const first = await receiveOne()
      expect(await road.receive(QUEUE)).toEqual([])
      await road.visibleAgain()
      const second = await receiveOne()
      expect([first.receives, second.receives, second.body]).toEqual([1, 2, first.body])
      await road.done(second)
      await road.visibleAgain()
      expect(await road.receive(QUEUE)).toEqual([])
    })

    it('counts what waits and what somebody holds', async () => {
      await road.publisher.publish([tokenRevoked()])
      expect(await statusOf()).toMatchObject({ waiting: 1, inFlight: 0, dead: 0, deadLetters: [] })
      const delivery = await receiveOne()
      expect(await statusOf()).toMatchObject({ waiting: 0, inFlight: 1, dead: 0 })
      await road.done(delivery)
      expect(await statusOf()).toMatchObject({ waiting: 0, inFlight: 0, dead: 0 })
    })

    it('shows every queue of the topology', async () => {
      const { subscriptions: shown } = await road.pipeline.status()
      expect(new Set(shown.map((one) => one.name))).toEqual(new Set(Object.keys(inboxes)))
    })

    it('gives a message up after the limit of receives, and shows it without its data', async () => {
      const event = tokenRevoked()
      await road.publisher.publish([event])
      await die()
      const status = await statusOf()
      expect(status).toMatchObject({ waiting: 0, inFlight: 0, dead: 1 })
      expect(status?.deadLetters).toHaveLength(1)
      expect(status?.deadLetters[0]).toMatchObject({ eventId: event.id, eventType: 'token.revoked' })
      expect(JSON.stringify(status)).not.toContain(event.subject)
    })

    it('gives up what nobody can read as well, shows that nothing is known of it, and puts it back whole', async () => {
      await road.put(QUEUE, 'no event {')
      await die()
      const status = await statusOf()
      expect(status).toMatchObject({ waiting: 0, inFlight: 0, dead: 1 })
      expect(status?.deadLetters).toHaveLength(1)
      expect(JSON.stringify(status)).not.toContain('no event {')
      expect(await road.pipeline.redrive(QUEUE)).toBe(1)
      expect((await receiveOne()).body).toBe('no event {')
    })

    it('lets the others through while one dies', async () => {
      await road.publisher.publish([tokenRevoked()])
      await die()
      const next = tokenRevoked()
      await road.publisher.publish([next])
      expect(JSON.parse((await receiveOne()).body).detail.id).toBe(next.id)
    })

    it('puts dead letters back on demand, each with all of its receives', async () => {
      const event = tokenRevoked()
      await road.publisher.publish([event])
      await die()
      expect(await road.pipeline.redrive(QUEUE)).toBe(1)
      expect(await statusOf()).toMatchObject({ dead: 0, deadLetters: [] })
      const again = await receiveOne()
      expect([JSON.parse(again.body).detail.id, again.receives]).toEqual([event.id, 1])
      await road.done(again)
      expect(await road.pipeline.redrive(QUEUE)).toBe(0)
    })

    it('knows no subscription that the topology does not', async () => {
      expect(await road.pipeline.redrive('Nobody')).toBeUndefined()
      expect(await road.pipeline.redrive('toString')).toBeUndefined()
    })
  })
}
