import * as Token from '@countersign/core/token/module'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { httpHandler } from '../runtime/http.ts'
import { TokenPath } from '../runtime/inputs.ts'
import { withToken } from '../runtime/issuing.ts'
import { lambda } from '../runtime/lambda.ts'
import { currentSigningKey, readKeyRing } from '../runtime/mint.ts'
import type { Services } from '../runtime/services.ts'
import { tokenCommand } from '../runtime/token-command.ts'

type Needs = Pick<Services, 'ledger' | 'keyRing' | 'settings' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ path: TokenPath }, services, async (request) => {
    const key = currentSigningKey(await readKeyRing(services), request.cause.now)
    if (!key.ok) return key
    const collected = await tokenCommand(services, request, (token, cause) =>
      Token.collect(token, key.value.kid, cause),
    )
    return collected.ok ? withToken(services, collected.value) : collected
  })

export const handler = lambda(make, { keyRing, ledger, settings })
