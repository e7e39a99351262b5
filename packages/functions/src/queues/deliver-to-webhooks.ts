import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { ledger, webhookDeliveries, webhookReceivers, webhookSecret } from '../runtime/connectors.ts'
import { type DeliveryServices, deliverer } from '../runtime/delivering.ts'
import { lambda } from '../runtime/lambda.ts'

/** Tries the deliveries of a batch side by side; each is reported by itself, and comes back when its time has come. */
export const make = (services: DeliveryServices) => {
  const deliver = deliverer(services)
  return async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const settled = await Promise.all(
      Records.map(async (record) => ({ itemIdentifier: record.messageId, isDone: await deliver(record) })),
    )
    return { batchItemFailures: settled.filter(({ isDone }) => !isDone) }
  }
}

export const handler = lambda(make, { ledger, webhookDeliveries, webhookReceivers, webhookSecret })
