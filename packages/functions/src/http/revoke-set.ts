import { Consumer } from '@countersign/core/consumer'
import { REVOCATION_REASONS } from '@countersign/core/events'
import { Instant, idOf, Line } from '@countersign/core/schema'
import { err, ok } from '@countersign/core/shared'
import { z } from 'zod'
import { change, command, versionMatches } from '../runtime/command.ts'
import { enforcedForConsumer } from '../runtime/enforcement.ts'
import { consumerShape, loadConsumer } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/** As a consumer may call a token of its own. */
const TokenName = z.string().regex(/^[A-Za-z0-9._~-]{1,128}$/, { error: 'not a jti that is accepted' })

const Body = z
  .strictObject({
    consumer: idOf('consumer'),
    /** `jti` of a token that the consumer signed itself. */
    token: TokenName.optional(),
    /** Everything that was issued to it earlier, by whomever it was signed. */
    issuedBefore: Instant.optional(),
    reason: z.enum(REVOCATION_REASONS),
    note: Line.optional(),
  })
  .refine(({ token, issuedBefore }) => (token === undefined) !== (issuedBefore === undefined), {
    error: 'say either which token, or issuedBefore',
    path: ['token'],
  })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body }, services, (request) =>
    command(services, request, async () => {
      const { consumer: id, token, ...asked } = request.body
      const loaded = await loadConsumer(services.ledger, id)
      if (!loaded.state) return err({ reason: 'consumer_not_found' })
      if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
      const facts = Consumer.revokeTokens(loaded.state, { tokenId: token, ...asked }, request.cause)
      if (!facts.ok) return err({ reason: facts.error })
      const { state, changes } = change(consumerShape, id, loaded, facts.value, {
        cause: request.cause,
        newId: services.newId,
      })
      const revokedAt = request.cause.now.toISOString()
      const set = token === undefined ? { issuedBefore: state.issuedBefore } : { token }
      const enforcedBy = await enforcedForConsumer(services.ledger, state, request.cause.now)
      return ok({ changes, answer: { status: 200, body: { consumer: id, ...set, revokedAt, enforcedBy } } })
    }),
  )

export const handler = lambda(make)
