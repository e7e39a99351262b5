import { ok } from '@countersign/core/shared'
import * as Webhooks from '@countersign/core/webhook/module'
import { change, command, NOTHING } from '../runtime/command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { webhookSecret } from '../runtime/connectors/root-secrets.ts'
import { webhookReceivers } from '../runtime/connectors/webhook-receivers.ts'
import { webhookShape } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { checkedWebhook, DescribedWebhook } from '../runtime/webhook-request.ts'
import { readWebhookSecret, secretAndDigest, withSecret } from '../runtime/webhook-secret.ts'
import { webhookView } from '../runtime/webhook-view.ts'

type Needs = Pick<Services, 'ledger' | 'webhookSecret' | 'webhookReceivers' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: DescribedWebhook }, services, async (request) => {
    const { cause } = request
    const asked = await checkedWebhook(services, request.body)
    if (!asked.ok) return asked
    const root = await readWebhookSecret(services)
    if (!root.ok) return root
    const registered = await command(services, request, async () => {
      const id = services.newId('webhook')
      const { digest } = secretAndDigest(root.value, id, Webhooks.FIRST_GENERATION)
      const facts = Webhooks.register({ id, ...asked.value }, digest, cause)
      const { newId } = services
      const { state, version, changes } = change(webhookShape, id, NOTHING, facts, { cause, newId })
      return ok({ changes, answer: { status: 201, body: webhookView(state), version } })
    })
    return registered.ok ? withSecret(services, root.value, registered.value) : registered
  })

export const handler = lambda(make, { ledger, webhookReceivers, webhookSecret })
