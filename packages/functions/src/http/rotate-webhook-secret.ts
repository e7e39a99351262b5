import * as Webhooks from '@countersign/core/webhook/module'
import { ledger } from '../runtime/connectors/ledger.ts'
import { webhookSecret } from '../runtime/connectors/root-secrets.ts'
import { httpHandler } from '../runtime/http.ts'
import { WebhookPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { Overlapping, overlapOf } from '../runtime/overlap.ts'
import type { Services } from '../runtime/services.ts'
import { webhookCommand } from '../runtime/webhook-command.ts'
import { readWebhookSecret, secretAndDigest, withSecret } from '../runtime/webhook-secret.ts'

type Needs = Pick<Services, 'ledger' | 'webhookSecret' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: Overlapping, path: WebhookPath }, services, async (request) => {
    const overlap = overlapOf(request.body)
    if (!overlap.ok) return overlap
    const root = await readWebhookSecret(services)
    if (!root.ok) return root
    const rotated = await webhookCommand(services, request, (webhook, cause) => {
      const { digest } = secretAndDigest(root.value, webhook.id, Webhooks.nextGeneration(webhook))
      return Webhooks.rotateSecret(webhook, { digest, overlapSeconds: overlap.value }, cause)
    })
    return rotated.ok ? withSecret(services, root.value, rotated.value) : rotated
  })

export const handler = lambda(make, { ledger, webhookSecret })
