import { CacheTtl } from '@countersign/core/events'
import { CoordinatesSchema, Slug } from '@countersign/core/schema'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { deployApi, withOthersApi } from '../runtime/registration.ts'
import type { Services } from '../runtime/services.ts'

const Body = CoordinatesSchema.extend({ authorizerCacheTtlSeconds: CacheTtl.default(0) })
const Path = ApiPath.extend({ environment: Slug })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: Path }, services, (request) => {
    const { authorizerCacheTtlSeconds, ...coordinates } = request.body
    const placement = { environment: request.path.environment, coordinates, authorizerCacheTtlSeconds }
    const { name } = request.path
    return withOthersApi(services, name, () => deployApi(services, request, name, placement))
  })

export const handler = lambda(make, { ledger })
