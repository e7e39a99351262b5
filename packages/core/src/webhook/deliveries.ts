import type { EventOf } from '../events/catalog.ts'
import type { Id } from '../shared/id.ts'

/** An event on its way to one webhook. */
export interface Delivery {
  readonly webhookId: Id<'webhook'>
  readonly event: EventOf
}

/** The queue of deliveries: one message for each webhook and event, so that none waits for another. */
export interface WebhookDeliveries {
  /** At least once. Throws when one of them is not in the queue; the others may be. */
  enqueue(deliveries: readonly Delivery[]): Promise<void>
  /** A message that somebody holds comes back after so many seconds, once it is reported as failed. */
  postpone(receiptHandle: string, seconds: number): Promise<void>
}

/** The body of a message: the event as EventBridge would have delivered it, and to whom it goes. */
export const messageOf = ({ webhookId, event }: Delivery): string =>
  JSON.stringify({
    id: event.id,
    source: event.source,
    'detail-type': event.type,
    time: event.time,
    detail: event,
    webhookId,
  })
