import type { AllowedHost, WebhookReceivers } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import * as z from 'zod'
import { processServices } from './process-services.ts'
import type { Environment } from './services.ts'
import { variable } from './variables.ts'
import { webhookReceivers } from './webhook-receivers.ts'

/** Hosts that webhooks may lead to over http and whatever their addresses, with commas between them. */
const Hosts = z.string().transform((text, context): readonly AllowedHost[] => {
  const read = Webhooks.readAllowedHosts(text)
  if (read.ok) return read.value
  context.addIssue({ code: 'custom', message: `"${read.error}" is no host` })
  return z.NEVER
})

export const connectWebhookReceivers = (environment: Environment): WebhookReceivers => {
  const hosts = variable(environment, 'WEBHOOK_HOSTS', Hosts)
  return webhookReceivers({ allowedHosts: () => hosts, clock: processServices.clock })
}
