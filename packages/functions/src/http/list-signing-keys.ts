import { ok } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { readKeyRing } from '../runtime/mint.ts'
import type { Services } from '../runtime/services.ts'
import { keyView } from '../runtime/views.ts'

export const make = (services: Pick<Services, 'keyRing' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({}, services, async ({ cause }) => {
    const keys = SigningKey.describeRing(await readKeyRing(services), cause.now)
    return ok({ status: 200, body: { items: keys.map(keyView) } })
  })

export const handler = lambda(make, { keyRing })
