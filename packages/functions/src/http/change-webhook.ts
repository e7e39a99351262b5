import { ok } from '@countersign/core/shared'
import * as Webhooks from '@countersign/core/webhook/module'
import { ledger } from '../runtime/connectors/ledger.ts'
import { webhookReceivers } from '../runtime/connectors/webhook-receivers.ts'
import { httpHandler } from '../runtime/http.ts'
import { WebhookPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { webhookCommand } from '../runtime/webhook-command.ts'
import { checkedWebhook, DescribedWebhook } from '../runtime/webhook-request.ts'

type Needs = Pick<Services, 'ledger' | 'webhookReceivers' | 'newId' | 'clock' | 'log'>

/** Where it leads, what it hears of and what it is called, all of it; its secret and whether it is enabled stay. */
export const make = (services: Needs) =>
  httpHandler({ body: DescribedWebhook, path: WebhookPath }, services, async (request) => {
    const asked = await checkedWebhook(services, request.body)
    if (!asked.ok) return asked
    return webhookCommand(services, request, (webhook, cause) =>
      ok(Webhooks.describe(webhook, asked.value, cause)),
    )
  })

export const handler = lambda(make, { ledger, webhookReceivers })
