import type { Claims } from '@countersign/core/access'
import type { Ledger } from '@countersign/core/ledger'
import * as Session from '@countersign/core/session/module'
import { err, ok } from '@countersign/core/shared'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { loadConsumer, loadSession, loadToken } from '../runtime/entities.ts'
import { lambda } from '../runtime/lambda.ts'
import { oauthHandler } from '../runtime/oauth.ts'
import { readPresented } from '../runtime/presented.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'keyRing' | 'settings' | 'clock' | 'log'>

const INACTIVE = { active: false }

/** RFC 7662, for operators: what a token is, and whether it is good now. Nothing at all of one that is not. */
export const make = (services: Needs) =>
  oauthHandler(['token', 'token_type_hint'], services, async ({ form, cause }) => {
    const token = form.get('token')
    if (token === undefined)
      return err({ error: 'invalid_request', code: 'parameter_missing', detail: 'token is missing' })
    const claims = await readPresented(services, token, cause.now)
    if (!claims || claims.kind === 'consumer-signed') return ok(INACTIVE)
    const known = await knownOf(services.ledger, claims, cause.now)
    if (!known) return ok(INACTIVE)
    const { kind, issuedAt: iat, expiresAt: exp, audience: aud } = claims
    const who =
      kind === 'session'
        ? { jti: claims.sessionId, sub: claims.subject }
        : { jti: claims.tokenId, sub: claims.consumerId }
    const said = { iss: services.settings.issuer, aud, iat, exp, ...who, client_id: who.sub, ...known }
    return ok({ active: true, token_type: 'Bearer', ...said })
  })

/** What is told beside the claims; undefined when the token is not good. */
const knownOf = async (ledger: Ledger, claims: Claims, now: Date): Promise<object | undefined> => {
  if (claims.kind === 'session') {
    const { state } = await loadSession(ledger, claims.sessionId)
    return state && Session.isLive(state, now) ? { username: state.email, groups: state.groups } : undefined
  }
  if (claims.kind !== 'token') return undefined
  const { state: token } = await loadToken(ledger, claims.tokenId)
  const { state: consumer } = await loadConsumer(ledger, claims.consumerId)
  const isGood = token?.status === 'active' && consumer?.status === 'active'
  return isGood ? { username: token.consumer } : undefined
}

export const handler = lambda(make, { keyRing, ledger, settings })
