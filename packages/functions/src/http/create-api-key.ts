import * as ApiKeys from '@countersign/core/api-key/module'
import { idOf, Line, Slug } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { keyCommand, readSecret, valueAndDigest, withValue } from '../runtime/api-key-issuing.ts'
import { change, command, NOTHING } from '../runtime/command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { apiKeySecret } from '../runtime/connectors/root-secrets.ts'
import { apiKeyShape } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { apiKeyView } from '../runtime/usage-views.ts'

const Body = z.strictObject({
  consumer: idOf('consumer'),
  /** API Gateway takes a key into ten plans. */
  plans: z.array(Slug).min(1).max(10),
  name: Line.optional(),
})

type Needs = Pick<Services, 'ledger' | 'apiKeySecret' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: Body }, services, async (request) => {
    const { cause, body } = request
    const secret = await readSecret(services)
    if (!secret.ok) return secret
    const created = await command(services, request, async () => {
      const asked = await keyCommand(services, body)
      if (!asked.ok) return asked
      const { id } = asked.value
      const { digest } = valueAndDigest(secret.value, id, ApiKeys.FIRST_GENERATION)
      const facts = ApiKeys.create(asked.value, digest, cause)
      const { newId } = services
      const { state, version, changes } = change(apiKeyShape, id, NOTHING, facts, { cause, newId })
      return ok({ changes, answer: { status: 201, body: apiKeyView(state), version } })
    })
    return created.ok ? withValue(services, secret.value, created.value) : created
  })

export const handler = lambda(make, { apiKeySecret, ledger })
