import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadApiKey } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiKeyPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { apiKeyView } from '../runtime/usage-views.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: ApiKeyPath }, services, async ({ path }) => {
    const { state, version } = await loadApiKey(services.ledger, path.id)
    return state
      ? ok({ status: 200, body: apiKeyView(state), version })
      : err({ reason: 'api_key_not_found' })
  })

export const handler = lambda(make, { ledger })
