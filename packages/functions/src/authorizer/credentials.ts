import type { Claims, DenialReason, Note } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import type { Redacted, Result } from '@countersign/core/shared'
import type { VerifiedJws, Verifier } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import { consumerVerifier } from './consumer-keys.ts'
import type { AuthorizerServices } from './deciding.ts'
import { noting } from './failure.ts'
import { cachedVerifier } from './key-ring-cache.ts'

/** Whose word a presented token is, and what it says. Throws when a key that may be needed cannot be read. */
export type Credentials = (
  token: Redacted<string>,
  now: Date,
  note?: Note,
) => Promise<Result<Claims, DenialReason>>

/** The `kid` picks the key, the key pins the algorithm, and whose key it is decides what its tokens may claim. */
export const readCredentials = (
  services: Pick<AuthorizerServices, 'keyRing' | 'consumerKeyRings' | 'accessRows' | 'settings'>,
): Credentials => {
  const { issuer, ringRefreshSeconds } = services.settings
  const verify = cachedVerifier(services.keyRing, ringRefreshSeconds)
  const verifyConsumers = consumerVerifier(services)
  return async (token, now, note) => {
    const verified = await noting('key_ring_unavailable', verify(token, now))
    if (verified.ok || verified.error !== 'kid_unknown') {
      noteVerified(note, token, verified, 'platform')
      if (!verified.ok) return verified
      noteClaims(note, verified.value, issuer, now)
      return Access.readClaims(verified.value.kid, verified.value.payload, issuer, now)
    }
    const kid = SigningKey.kidOf(token) ?? ''
    const consumerId = SigningKey.consumerOfKid(kid)
    const own = consumerId ? await verifyConsumers(token, consumerId, kid, now) : verified
    noteVerified(note, token, own, consumerId ?? 'nobody')
    if (!own.ok || !consumerId) return own.ok ? verified : own
    noteClaims(note, own.value, consumerId, now)
    return Access.readConsumerSignedClaims(kid, consumerId, own.value.payload, now)
  }
}

/** A verifier looks at form, key and signature in one go; how far it came follows from what it said. */
const noteVerified = (
  note: Note | undefined,
  token: Redacted<string>,
  verified: ReturnType<Verifier>,
  owner: string,
): void => {
  if (!note) return
  const reason = verified.ok ? undefined : verified.error
  const kid = reason === 'token_malformed' ? undefined : shown(SigningKey.kidOf(token))
  note('format', { kid })
  if (reason === 'token_malformed') return
  note('key', { kid, keyOf: reason === 'kid_unknown' ? undefined : owner })
  if (reason !== 'kid_unknown') note('signature', {})
}

/** Only what was signed: of a token that is not ours, nothing is told. */
const noteClaims = (note: Note | undefined, { payload }: VerifiedJws, issuer: string, now: Date): void => {
  if (!note) return
  const { iss, sub, aud, jti, iat, exp, nbf } = payload
  const said = Object.entries({ iss, sub, aud, jti, iat, exp, nbf }).map(([name, value]) => [
    name,
    shown(value),
  ])
  note('claims', { ...Object.fromEntries(said), issuer, now: now.getTime() / 1_000 })
}

const LONGEST_SHOWN = 200

/** For a person's eyes: of odd values their type alone. */
const shown = (value: unknown): string | number | undefined => {
  if (value === undefined || typeof value === 'number') return value
  if (Array.isArray(value)) return shown(value.join(', '))
  if (typeof value !== 'string') return `(${typeof value})`
  return value.length <= LONGEST_SHOWN && !/\p{Cc}/u.test(value) ? value : `(${value.length} characters)`
}
