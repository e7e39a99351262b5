import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { Algorithm, AsymmetricAlgorithm } from '../shared/algorithm.ts'
import type { KeyPair } from './ring.ts'

/** Of the public half, as the ring holds it: Ed25519's point; P-256's x and y, one after the other; ML-DSA's encoded key. */
export const PUBLIC_KEY_BYTES = { EdDSA: 32, ES256: 64, 'ML-DSA-44': 1_312 } as const satisfies Bytes

/** Of a signature: EdDSA's R and S, ES256's r and s (RFC 7518 §3.4), ML-DSA's own encoding. Never another length, never DER. */
export const SIGNATURE_BYTES = { EdDSA: 64, ES256: 64, 'ML-DSA-44': 2_420 } as const satisfies Bytes

type Bytes = Record<AsymmetricAlgorithm, number>

/** What anybody may know of a key that has two halves (RFC 7517, RFC 8037 §2, RFC 9964 §3). */
export interface PublicJwk {
  readonly kid: string
  readonly alg: AsymmetricAlgorithm
  readonly use: 'sig'
  readonly kty: 'OKP' | 'EC' | 'AKP'
  readonly crv?: 'Ed25519' | 'P-256'
  readonly x?: string
  readonly y?: string
  readonly pub?: string
}

type NamedPublicKey = Pick<KeyPair, 'algorithm' | 'publicKey'> & { readonly kid: string }

/** Member by member from the public half alone, so that no private member can stray into it. */
export const publicJwk = ({ kid, algorithm, publicKey }: NamedPublicKey): PublicJwk => {
  const common = { kid, alg: algorithm, use: 'sig' } as const
  switch (algorithm) {
    case 'EdDSA':
      return { ...common, kty: 'OKP', crv: 'Ed25519', x: publicKey }
    case 'ES256': {
      const point = Buffer.from(publicKey, 'base64url')
      const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url')
      return { ...common, kty: 'EC', crv: 'P-256', x: coordinate(0), y: coordinate(32) }
    }
    case 'ML-DSA-44':
      return { ...common, kty: 'AKP', pub: publicKey }
  }
}

/** The public half, ready to verify with; undefined when it is no point of its curve, or when this Node lacks the algorithm. */
export const publicKeyObject = (key: NamedPublicKey): KeyObject | undefined => {
  const { kty, crv, alg, x, y, pub } = publicJwk(key)
  const jwk = kty === 'AKP' ? { kty, alg, pub } : { kty, crv, x, ...(y !== undefined && { y }) }
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** ML-DSA came with Node 24.7 and OpenSSL 3.5; everything else is always there. */
export const isAvailable = (algorithm: Algorithm): boolean => {
  if (algorithm !== 'ML-DSA-44') return true
  try {
    return generateKeyPairSync('ml-dsa-44').publicKey.type === 'public'
  } catch {
    return false
  }
}
