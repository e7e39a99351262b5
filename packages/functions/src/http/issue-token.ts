import { Instant, idOf, Line } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import * as Token from '@countersign/core/token/module'
import * as z from 'zod'
import { change, command, NOTHING } from '../runtime/command.ts'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { tokenShape } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { Grants } from '../runtime/inputs.ts'
import { issueCommand, withToken } from '../runtime/issuing.ts'
import { lambda } from '../runtime/lambda.ts'
import { currentSigningKey, readKeyRing } from '../runtime/mint.ts'
import type { Services } from '../runtime/services.ts'
import { tokenView } from '../runtime/views.ts'

const Body = z.strictObject({
  consumer: idOf('consumer'),
  grants: Grants(1),
  expiresAt: Instant.optional(),
  expiresIn: z.string().max(16).optional(),
  reason: Line.optional(),
})

type Needs = Pick<Services, 'ledger' | 'keyRing' | 'settings' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: Body }, services, async (request) => {
    const { cause } = request
    const key = currentSigningKey(await readKeyRing(services), cause.now)
    if (!key.ok) return key
    const issued = await command(services, request, async () => {
      const asked = await issueCommand(services, request.body, cause.now)
      if (!asked.ok) return asked
      const waits = Token.needsApproval(asked.value.grants)
      const facts = waits ? Token.request(asked.value, cause) : Token.issue(asked.value, key.value.kid, cause)
      const { state, version, changes } = change(tokenShape, asked.value.tokenId, NOTHING, facts, {
        cause,
        newId: services.newId,
      })
      const body = tokenView(state, cause.now)
      return ok({ changes, answer: { status: waits ? 202 : 201, body, version } })
    })
    return issued.ok ? withToken(services, issued.value) : issued
  })

export const handler = lambda(make, { keyRing, ledger, settings })
