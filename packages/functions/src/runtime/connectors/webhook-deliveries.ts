import type { WebhookDeliveries } from '@countersign/core/webhook'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Url, variable } from '../variables.ts'

export const webhookDeliveries: Connector<WebhookDeliveries> = async () => {
  const { sqsWebhookDeliveries } = await import('@countersign/aws/sqs-webhook-deliveries')
  return (environment) =>
    lazily(() => sqsWebhookDeliveries({ queueUrl: variable(environment, 'WEBHOOK_QUEUE_URL', Url) }))
}
