import * as Consumer from '@countersign/core/consumer/module'
import { CONSUMER_TYPES } from '@countersign/core/events'
import { Line } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { change, command, NOTHING } from '../runtime/command.ts'
import { consumerKeyRings } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { firstSecret, type SecretServices } from '../runtime/consumer-secret.ts'
import { consumerShape } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { consumerView } from '../runtime/views.ts'

const SelfSigning = z.strictObject({
  longestTokenSeconds: z
    .int()
    .min(60)
    .max(Consumer.LONGEST_OWN_TOKEN_SECONDS)
    .default(Consumer.DEFAULT_OWN_TOKEN_SECONDS),
})

const Body = z.strictObject({
  name: Line,
  type: z.enum(CONSUMER_TYPES),
  owner: Line,
  selfSigning: SelfSigning.optional(),
})

export const make = (services: SecretServices & Pick<Services, 'clock' | 'log'>) =>
  httpHandler({ body: Body }, services, async (request) => {
    const registered = await command(services, request, async () => {
      const id = services.newId('consumer')
      const facts = Consumer.register(id, request.body)
      const { state, changes } = change(consumerShape, id, NOTHING, facts, {
        ...services,
        cause: request.cause,
      })
      return ok({ changes, answer: { status: 201, body: consumerView(state), version: 1 } })
    })
    return registered.ok && request.body.selfSigning
      ? firstSecret(services, request, registered.value)
      : registered
  })

export const handler = lambda(make, { consumerKeyRings, ledger })
