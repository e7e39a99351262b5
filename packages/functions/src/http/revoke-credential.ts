import type { Claims } from '@countersign/core/access'
import type { Cause } from '@countersign/core/events'
import * as Session from '@countersign/core/session/module'
import { err, ok, Redacted, type Result } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Token from '@countersign/core/token/module'
import { change, command, type Decided } from '../runtime/command.ts'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { loadSession, loadToken, sessionShape, tokenShape } from '../runtime/entities.ts'
import { lambda } from '../runtime/lambda.ts'
import { type OauthRefusal, oauthHandler } from '../runtime/oauth.ts'
import { readPresented } from '../runtime/presented.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'keyRing' | 'settings' | 'newId' | 'clock' | 'log'>

/**
 * RFC 7009: whoever holds a session's token or a platform-issued one ends it, and is refused from the next call on.
 * Holding it is all it takes: nobody can present what they do not hold. What is unknown, over or garbage is answered 200
 * as well (§2.2); a token that a consumer signed itself is not of a type that is revoked here (§2.2.1).
 */
export const make = (services: Needs) =>
  oauthHandler(['token', 'token_type_hint'], services, async ({ form, cause }) => {
    const token = form.get('token')
    if (token === undefined)
      return err({ error: 'invalid_request', code: 'parameter_missing', detail: 'token is missing' })
    if (isConsumerSigned(token)) return UNSUPPORTED
    const claims = await readPresented(services, token, cause.now)
    return claims ? revoke(services, claims, cause) : ok({})
  })

/** Told by the `kid` that the token claims: nothing is done, so nothing has to be proved. */
const isConsumerSigned = (token: string): boolean =>
  SigningKey.consumerOfKid(SigningKey.kidOf(new Redacted(token)) ?? '') !== undefined

/** RFC 7009 §2.2.1. To answer 200 would say that it is refused from now on. */
const UNSUPPORTED = err({
  error: 'unsupported_token_type',
  code: 'token_is_consumer_signed',
  detail: 'the platform did not issue it; POST /revocations refuses one of a consumer by its jti',
} as const)

const revoke = async (
  services: Needs,
  claims: Claims,
  { correlationId, now }: Cause,
): Promise<Result<object, OauthRefusal>> => {
  const actor = claims.kind === 'session' ? claims.subject : claims.consumerId
  const cause = { actor, correlationId, now }
  const decide = decisionOn(services, claims, cause)
  const saved = await command(services, { cause, idempotencyKey: undefined, fingerprint: '' }, decide)
  if (saved.ok) return ok({})
  const detail = 'it was changed by too many at once; try again'
  return err({ error: 'temporarily_unavailable', code: saved.error.reason, detail })
}

const NOTHING_TO_DO = ok({ changes: [], answer: { status: 200, body: {} } })

const decisionOn =
  ({ ledger, newId }: Needs, claims: Claims, cause: Cause): (() => Decided) =>
  async () => {
    const answer = { status: 200, body: {} }
    if (claims.kind === 'session') {
      const loaded = await loadSession(ledger, claims.sessionId)
      if (!loaded.state) return NOTHING_TO_DO
      const facts = Session.end(loaded.state, 'signed-out', cause)
      return ok({ ...change(sessionShape, claims.sessionId, loaded, facts, { cause, newId }), answer })
    }
    if (claims.kind !== 'token') return NOTHING_TO_DO
    const loaded = await loadToken(ledger, claims.tokenId)
    const facts = loaded.state && Token.revoke(loaded.state, { reason: 'requested' }, cause)
    if (!facts?.ok) return NOTHING_TO_DO
    return ok({ ...change(tokenShape, claims.tokenId, loaded, facts.value, { cause, newId }), answer })
  }

export const handler = lambda(make, { keyRing, ledger, settings })
