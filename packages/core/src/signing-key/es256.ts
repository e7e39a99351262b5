import { p256 } from '@noble/curves/nist.js'

/** r and s, 32 bytes each, with RFC 6979's nonce. */
export const signEs256 = (scalar: Uint8Array, message: Uint8Array): Uint8Array =>
  p256.sign(message, scalar, { prehash: true, lowS: false, extraEntropy: false })

/** FIPS 186-5 §A.2.1: 128 bits more than the order has, so that the scalar is even over its whole range. */
const SCALAR_SEED_BYTES = 48

/** A scalar, and the x and y of its point, one after the other. `random`: from a CSPRNG. */
export const newEs256 = (random: (count: number) => Uint8Array) => {
  const scalar = p256.utils.randomSecretKey(random(SCALAR_SEED_BYTES))
  return { scalar, point: p256.getPublicKey(scalar, false).subarray(1) }
}
