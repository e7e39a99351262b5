import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadWebhook } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { WebhookPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { webhookView } from '../runtime/webhook-view.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: WebhookPath }, services, async ({ path }) => {
    const { state, version } = await loadWebhook(services.ledger, path.id)
    return state
      ? ok({ status: 200, body: webhookView(state), version })
      : err({ reason: 'webhook_not_found' })
  })

export const handler = lambda(make, { ledger })
