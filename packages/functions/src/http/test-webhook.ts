import type { EventOf } from '@countersign/core/events'
import { ok } from '@countersign/core/shared'
import type { Outcome, Webhook } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import { repeatable } from '../runtime/command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { webhookSecret } from '../runtime/connectors/root-secrets.ts'
import { webhookReceivers } from '../runtime/connectors/webhook-receivers.ts'
import { httpHandler } from '../runtime/http.ts'
import { WebhookPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { attempting } from '../runtime/webhook-attempt.ts'
import { webhookCommand } from '../runtime/webhook-command.ts'

type Needs = Pick<Services, 'ledger' | 'webhookSecret' | 'webhookReceivers' | 'newId' | 'clock' | 'log'>

/** Records that it is tested, sends that very event at once, and says what came of it; a disabled one can be tested, too. */
export const make = (services: Needs) => {
  const attempt = attempting(services)
  return httpHandler({ path: WebhookPath }, services, (request) =>
    repeatable(services, request, async () => {
      let made: { readonly webhook: Webhook; readonly event: EventOf | undefined } | undefined
      const tested = await webhookCommand(
        services,
        { ...request, idempotencyKey: undefined },
        (webhook, cause) => ok(Webhooks.test(webhook, cause)),
        (webhook, [event]) => {
          made = { webhook, event }
        },
      )
      if (!tested.ok || !made?.event) return tested
      const { webhook, event } = made
      const body = { id: webhook.id, eventId: event.id, ...told(await attempt(webhook, event)) }
      return ok({ status: 200, body })
    }),
  )
}

export const handler = lambda(make, { ledger, webhookReceivers, webhookSecret })

const told = (outcome: Outcome) => ({
  delivered: Webhooks.gotThrough(outcome),
  ...(outcome.ok ? { outcome: 'answered', status: outcome.value.status } : { outcome: outcome.error }),
})
