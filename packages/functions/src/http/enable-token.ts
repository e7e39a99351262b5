import * as Token from '@countersign/core/token/module'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { TokenPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { tokenCommand } from '../runtime/token-command.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: TokenPath }, services, (request) =>
    tokenCommand(services, request, (token, cause) => Token.enable(token, cause)),
  )

export const handler = lambda(make, { ledger })
