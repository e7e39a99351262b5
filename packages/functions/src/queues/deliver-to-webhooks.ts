import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { ledger } from '../runtime/connectors/ledger.ts'
import { webhookSecret } from '../runtime/connectors/root-secrets.ts'
import { webhookDeliveries } from '../runtime/connectors/webhook-deliveries.ts'
import { webhookReceivers } from '../runtime/connectors/webhook-receivers.ts'
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
