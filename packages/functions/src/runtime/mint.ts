import { err, ok, type Redacted, type Result } from '@countersign/core/shared'
import type { KeyRing } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Signing from '@countersign/core/signing-key/signing'
import type { IssuedToken } from '@countersign/core/token'
import * as Token from '@countersign/core/token/module'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

/** The ring as it is now. */
export const readKeyRing = async ({ keyRing }: Pick<Services, 'keyRing'>): Promise<KeyRing> => {
  const current = await keyRing.current()
  return current ? SigningKey.readRing(current.text) : SigningKey.EMPTY_RING
}

export const currentSigningKey = (ring: KeyRing, now: Date): Result<SigningKey.SigningKey, Refusal> => {
  const key = SigningKey.signingKey(ring, now)
  return key ? ok(key) : err({ reason: 'key_ring_empty' })
}

/**
 * Signs an issued token (RFC 9068). Header and claims follow from the state alone and every algorithm is used in its
 * deterministic form, so the same token comes out whenever it is asked for, without ever having been stored.
 */
export const mint = async (token: IssuedToken, ring: KeyRing, issuer: string): Promise<Redacted<string>> => {
  const key = ring.keys.find(({ kid }) => kid === token.kid)
  if (!key) throw new Error(`the key ${token.kid} that signed ${token.id} is not in the ring`)
  return Signing.signJws(key, 'at+jwt', Token.claimsOf(token, issuer))
}
