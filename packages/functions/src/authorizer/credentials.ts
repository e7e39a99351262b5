import type { Claims, DenialReason } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import type { Redacted, Result } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import { consumerVerifier } from './consumer-keys.ts'
import type { AuthorizerServices } from './deciding.ts'
import { noting } from './failure.ts'
import { cachedVerifier } from './key-ring-cache.ts'

/** Whose word a presented token is, and what it says. Throws when a key that may be needed cannot be read. */
export type Credentials = (token: Redacted<string>, now: Date) => Promise<Result<Claims, DenialReason>>

/** The `kid` picks the key, the key pins the algorithm, and whose key it is decides what its tokens may claim. */
export const readCredentials = (
  services: Pick<AuthorizerServices, 'keyRing' | 'consumerKeyRings' | 'accessRows' | 'settings'>,
): Credentials => {
  const { issuer, ringRefreshSeconds } = services.settings
  const verify = cachedVerifier(services.keyRing, ringRefreshSeconds)
  const verifyConsumers = consumerVerifier(services)
  return async (token, now) => {
    const verified = await noting('key_ring_unavailable', verify(token, now))
    if (verified.ok) return Access.readClaims(verified.value.kid, verified.value.payload, issuer, now)
    if (verified.error !== 'kid_unknown') return verified
    const kid = SigningKey.kidOf(token) ?? ''
    const consumerId = SigningKey.consumerOfKid(kid)
    if (!consumerId) return verified
    const own = await verifyConsumers(token, consumerId, kid, now)
    return own.ok ? Access.readConsumerSignedClaims(kid, consumerId, own.value.payload, now) : own
  }
}
