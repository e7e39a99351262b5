import { Instant } from '@countersign/core/schema'
import { err, ok } from '@countersign/core/shared'
import * as Token from '@countersign/core/token/module'
import * as z from 'zod'
import { change, command, NOTHING, versionMatches } from '../runtime/command.ts'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { supersededBy } from '../runtime/enforcement.ts'
import { loadToken, tokenShape } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { TokenPath } from '../runtime/inputs.ts'
import { withToken } from '../runtime/issuing.ts'
import { lambda } from '../runtime/lambda.ts'
import { currentSigningKey, readKeyRing } from '../runtime/mint.ts'
import { graceOf, successorFor } from '../runtime/rerolling.ts'
import type { Services } from '../runtime/services.ts'
import { tokenView } from '../runtime/views.ts'

const Body = z.strictObject({
  grace: z.string().max(16).optional(),
  now: z.boolean().optional(),
  expiresAt: Instant.optional(),
  expiresIn: z.string().max(16).optional(),
})

type Needs = Pick<Services, 'ledger' | 'keyRing' | 'settings' | 'newId' | 'clock' | 'log'>

/** One transaction: the successor is issued, and the end of its predecessor stands where the authorizer reads it. */
export const make = (services: Needs) =>
  httpHandler({ path: TokenPath, body: Body }, services, async (request) => {
    const { body, cause } = request
    const grace = graceOf(body)
    if (!grace.ok) return grace
    const key = currentSigningKey(await readKeyRing(services), cause.now)
    if (!key.ok) return key
    const recording = { cause, newId: services.newId }
    const rerolled = await command(services, request, async () => {
      const loaded = await loadToken(services.ledger, request.path.id)
      if (!loaded.state) return err({ reason: 'token_not_found' })
      if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
      const next = await successorFor(services, loaded.state, body, cause)
      if (!next.ok) return next
      const { token, expiresAt } = next.value
      const id = services.newId('token')
      const issued = Token.issue(Token.successorOf(token, id, expiresAt), key.value.kid, cause)
      const successor = change(tokenShape, id, NOTHING, issued, recording)
      const facts = Token.supersede(token, id, grace.value, cause)
      const before = change(tokenShape, token.id, loaded, facts, recording)
      const { endsAt } = before.state
      const enforcedBy = await supersededBy(services.ledger, before.state)
      const view = {
        ...tokenView(successor.state, cause.now),
        predecessor: { id: token.id, endsAt, enforcedBy },
      }
      const changes = [...before.changes, ...successor.changes]
      return ok({ changes, answer: { status: 201, body: view, version: successor.version } })
    })
    return rerolled.ok ? withToken(services, rerolled.value) : rerolled
  })

export const handler = lambda(make, { keyRing, ledger, settings })
