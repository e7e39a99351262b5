import * as ApiKeys from '@countersign/core/api-key/module'
import { apiKeyCommand } from '../runtime/api-key-command.ts'
import { readSecret, valueAndDigest, withValue } from '../runtime/api-key-issuing.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { apiKeySecret } from '../runtime/connectors/root-secrets.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiKeyPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { Overlapping, overlapOf } from '../runtime/overlap.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'apiKeySecret' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: Overlapping, path: ApiKeyPath }, services, async (request) => {
    const overlap = overlapOf(request.body)
    if (!overlap.ok) return overlap
    const secret = await readSecret(services)
    if (!secret.ok) return secret
    const rotated = await apiKeyCommand(services, request, (key, cause) => {
      const { digest } = valueAndDigest(secret.value, key.id, ApiKeys.nextGeneration(key))
      return ApiKeys.rotate(key, { digest, overlapSeconds: overlap.value }, cause)
    })
    return rotated.ok ? withValue(services, secret.value, rotated.value) : rotated
  })

export const handler = lambda(make, { apiKeySecret, ledger })
