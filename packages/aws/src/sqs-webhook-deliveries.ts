import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import type { Delivery, WebhookDeliveries } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import { clientSettings, within } from './calls.ts'

export interface SqsWebhookDeliveriesOptions {
  readonly queueUrl: string
  readonly client?: SQSClient
}

const LIMIT_MILLISECONDS = 6_000

/** SQS takes ten messages at most, and 1 MiB of them together; an event on the bus has 256 KiB at most. */
const PORTION = 10
const LARGEST_PORTION_BYTES = 1_048_576

/** Deliveries in SQS, grouped by webhook: SQS serves the quiet ones first where one has a backlog ("fair queues"). */
export const sqsWebhookDeliveries = ({
  queueUrl: QueueUrl,
  client = new SQSClient({ ...clientSettings(5_000), useQueueUrlAsEndpoint: false }),
}: SqsWebhookDeliveriesOptions): WebhookDeliveries => ({
  enqueue: async (deliveries) => {
    for (const portion of portionsOf(deliveries)) {
      const Entries = portion.map(({ webhookId, body }, index) => ({
        Id: String(index),
        MessageBody: body,
        MessageGroupId: webhookId,
      }))
      const command = new SendMessageBatchCommand({ QueueUrl, Entries })
      const { Failed = [] } = await within(LIMIT_MILLISECONDS, 'putting deliveries into the queue', (limit) =>
        client.send(command, limit),
      )
      if (Failed.length > 0)
        throw new Error(`${Failed.length} of ${portion.length} deliveries were not taken: ${Failed[0]?.Code}`)
    }
  },
  postpone: async (ReceiptHandle, VisibilityTimeout) => {
    const command = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout })
    await within(LIMIT_MILLISECONDS, 'postponing a delivery', (limit) => client.send(command, limit))
  },
})

interface Sized {
  readonly webhookId: string
  readonly body: string
}

const portionsOf = (deliveries: readonly Delivery[]): readonly (readonly Sized[])[] => {
  const portions: Sized[][] = []
  let bytes = 0
  for (const delivery of deliveries) {
    const body = Webhooks.messageOf(delivery)
    const size = Buffer.byteLength(body)
    const last = portions.at(-1)
    if (last && last.length < PORTION && bytes + size <= LARGEST_PORTION_BYTES) {
      last.push({ webhookId: delivery.webhookId, body })
      bytes += size
    } else {
      portions.push([{ webhookId: delivery.webhookId, body }])
      bytes = size
    }
  }
  return portions
}
