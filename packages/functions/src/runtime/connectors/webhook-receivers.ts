import type { WebhookReceivers } from '@countersign/core/webhook'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'

export const webhookReceivers: Connector<WebhookReceivers> = async () => {
  const { connectWebhookReceivers } = await import('../connect-webhook-receivers.ts')
  return (environment) => lazily(() => connectWebhookReceivers(environment))
}
