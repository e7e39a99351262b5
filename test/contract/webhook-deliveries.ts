import type { WebhookDeliveries } from '@countersign/core/webhook'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anyEvent, newIds } from './changes.ts'
import type { Delivery } from './pipeline.ts'

/** A queue of deliveries, and what its poller does with it. */
export interface DeliveryQueue {
  readonly webhookDeliveries: WebhookDeliveries
  /** What is visible now, hidden from others for long. */
  receive(): Promise<readonly Delivery[]>
  /** The handler reported it as failed. */
  failed(delivery: Delivery): Promise<void>
  pass(seconds: number): Promise<void>
  close(): Promise<void>
}

export const webhookDeliveriesContract = (name: string, makeQueue: () => Promise<DeliveryQueue>): void => {
  describe(`deliveries to webhooks ${name}`, () => {
    let queue: DeliveryQueue
    let newId: ReturnType<typeof newIds>
    beforeEach(async () => {
      queue = await makeQueue()
      newId = newIds()
    })
    afterEach(() => queue.close())

    /** All that comes until nothing more does. */
    const everything = async (): Promise<readonly Delivery[]> => {
      const all: Delivery[] = []
      for (let some = await queue.receive(); some.length > 0; some = await queue.receive()) all.push(...some)
      return all
    }
    const enqueueOne = async (): Promise<Delivery> => {
      await queue.webhookDeliveries.enqueue([{ webhookId: newId('webhook'), event: anyEvent(newId) }])
      const [delivery, another] = await everything()
      if (!delivery || another) throw new Error('not one message for one delivery')
      return delivery
    }

    it('are one message for each webhook, with the event whole, however many there are', async () => {
      const event = anyEvent(newId)
      const webhookIds = Array.from({ length: 23 }, () => newId('webhook'))
      await queue.webhookDeliveries.enqueue(webhookIds.map((webhookId) => ({ webhookId, event })))
      const messages = (await everything()).map(({ body }) => JSON.parse(body))
      expect(messages).toHaveLength(webhookIds.length)
      expect(new Set(messages.map(({ webhookId }) => webhookId))).toEqual(new Set(webhookIds))
      for (const { detail, id, 'detail-type': type } of messages)
        expect([detail, id, type]).toEqual([event, event.id, event.type])
    })

    it('of events as large as the bus takes get through together', async () => {
      const large = { ...anyEvent(newId), correlationid: 'x'.repeat(250_000) }
      await queue.webhookDeliveries.enqueue(
        Array.from({ length: 5 }, () => ({ webhookId: newId('webhook'), event: large })),
      )
      expect(await everything()).toHaveLength(5)
    })

    it('are none where there are none', async () => {
      await queue.webhookDeliveries.enqueue([])
      expect(await queue.receive()).toEqual([])
    })

    it('that failed come back when they were postponed to, with one receive more', async () => {
      const delivery = await enqueueOne()
      expect(delivery.receives).toBe(1)
      await queue.webhookDeliveries.postpone(delivery.handle, 2)
      await queue.failed(delivery)
      expect(await queue.receive()).toEqual([])
      await queue.pass(2)
      const [again] = await queue.receive()
      expect([again?.body, again?.receives]).toEqual([delivery.body, 2])
    })

    it('may be postponed to now', async () => {
      const delivery = await enqueueOne()
      await queue.webhookDeliveries.postpone(delivery.handle, 0)
      await queue.failed(delivery)
      expect(await queue.receive()).toHaveLength(1)
    })
  })
}
