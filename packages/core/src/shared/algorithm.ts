/**
 * How tokens are signed (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9964). HS512 is the default: only issuer and authorizer hold
 * the key. Of the others everybody may hold the public half.
 */
export const ALGORITHMS = ['HS512', 'EdDSA', 'ES256', 'ML-DSA-44'] as const

export type Algorithm = (typeof ALGORITHMS)[number]

export type AsymmetricAlgorithm = Exclude<Algorithm, 'HS512'>

export const DEFAULT_ALGORITHM: Algorithm = 'HS512'

export const isAlgorithm = (value: unknown): value is Algorithm =>
  ALGORITHMS.some((algorithm) => algorithm === value)
