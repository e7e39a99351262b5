import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { findApi } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { apiView } from '../runtime/views.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: ApiPath }, services, async ({ path }) => {
    const found = await findApi(services.ledger, path.name)
    return found
      ? ok({ status: 200, body: apiView(found.state), version: found.version })
      : err({ reason: 'api_not_found' })
  })

export const handler = lambda(make, { ledger })
