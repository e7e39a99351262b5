import * as ApiKeys from '@countersign/core/api-key/module'
import { apiKeyCommand } from '../runtime/api-key-command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiKeyPath, Noted } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Noted, path: ApiKeyPath }, services, (request) =>
    apiKeyCommand(services, request, (key, cause) => ApiKeys.disable(key, request.body.note, cause)),
  )

export const handler = lambda(make, { ledger })
