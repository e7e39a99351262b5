import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'

/** The deterministic variant of FIPS 204 §3.4. */
export const signMlDsa44 = (seed: Uint8Array, message: Uint8Array): Uint8Array =>
  ml_dsa44.sign(message, ml_dsa44.keygen(seed).secretKey, { extraEntropy: false })

export const mlDsa44PublicKey = (seed: Uint8Array): Uint8Array =>
  ml_dsa44.keygen(Uint8Array.from(seed)).publicKey
