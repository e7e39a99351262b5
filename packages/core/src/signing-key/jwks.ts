import { type PublicJwk, publicJwk } from './public-key.ts'
import { type KeyRing, stateOf } from './ring.ts'

export interface JwkSet {
  readonly keys: readonly PublicJwk[]
}

/** What everybody may verify with (RFC 7517 §5): the public halves of the ring, never a key that has but one half. */
export const jwkSet = (ring: KeyRing, now: Date): JwkSet => ({
  keys: publicKeysOf({ keys: ring.keys.filter((key) => stateOf(ring, key, now) !== 'retired') }),
})

/** Of every key that has a public half, however old it is. */
export const publicKeysOf = (ring: KeyRing): readonly PublicJwk[] =>
  ring.keys.flatMap((key) => (key.algorithm === 'HS512' ? [] : [publicJwk(key)]))
