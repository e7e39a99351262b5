import * as Consumer from '@countersign/core/consumer/module'
import { ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { consumerCommand } from '../runtime/consumer-command.ts'
import { httpHandler } from '../runtime/http.ts'
import { ConsumerPath, Noted } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Noted, path: ConsumerPath }, services, (request) =>
    consumerCommand(services, request, (consumer, cause) =>
      ok(Consumer.suspend(consumer, request.body.note, cause)),
    ),
  )

export const handler = lambda(make, { ledger })
