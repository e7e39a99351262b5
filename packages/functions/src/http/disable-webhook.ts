import { ok } from '@countersign/core/shared'
import * as Webhooks from '@countersign/core/webhook/module'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { Noted, WebhookPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { webhookCommand } from '../runtime/webhook-command.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Noted, path: WebhookPath }, services, (request) =>
    webhookCommand(services, request, (webhook, cause) =>
      ok(Webhooks.disable(webhook, 'requested', request.body.note, cause)),
    ),
  )

export const handler = lambda(make, { ledger })
