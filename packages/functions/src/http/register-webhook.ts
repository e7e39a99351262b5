import { Line } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import { Webhooks } from '@countersign/core/webhook'
import * as z from 'zod'
import { change, command, NOTHING } from '../runtime/command.ts'
import { webhookShape } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { checkedWebhook } from '../runtime/webhook-request.ts'
import { readWebhookSecret, secretAndDigest, withSecret } from '../runtime/webhook-secret.ts'
import { webhookView } from '../runtime/webhook-view.ts'

const Body = z.strictObject({
  url: z.string().min(1).max(4_096),
  /** `token.revoked`, `token.*`, `*` */
  events: z.array(z.string().min(1).max(64)).min(1).max(50),
  name: Line.optional(),
})

type Needs = Pick<Services, 'ledger' | 'webhookSecret' | 'webhookReceivers' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: Body }, services, async (request) => {
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

export const handler = lambda(make)
