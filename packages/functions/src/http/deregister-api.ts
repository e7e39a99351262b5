import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { deregisterApi, withOthersApi } from '../runtime/registration.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: ApiPath }, services, (request) =>
    withOthersApi(services, request.path.name, () => deregisterApi(services, request, request.path.name)),
  )

export const handler = lambda(make, { ledger })
