import { type WebhookDeliveries, Webhooks } from '@countersign/core/webhook'
import type { InboxName } from '@countersign/topology'
import type { Queues } from './sqlite-queues.ts'

const QUEUE: InboxName = 'DeliverToWebhooks'

/** Deliveries in the queues of SQLite. */
export const sqliteWebhookDeliveries = (
  queues: Queues,
  clock: () => Date,
  sent: (queue: InboxName) => void,
): WebhookDeliveries => ({
  enqueue: async (deliveries) => {
    queues.send(
      deliveries.map((delivery) => ({
        queue: QUEUE,
        body: Webhooks.messageOf(delivery),
        eventId: delivery.event.id,
        eventType: delivery.event.type,
        visibleAt: clock().getTime(),
      })),
    )
    sent(QUEUE)
  },
  postpone: async (receiptHandle, seconds) =>
    queues.postpone(Number(receiptHandle), clock().getTime() + seconds * 1_000),
})
