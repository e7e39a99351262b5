import type { Algorithm } from '@countersign/core/shared'

const KNOWN = {
  HS512: true,
  EdDSA: true,
  ES256: true,
  'ML-DSA-44': true,
} as const satisfies Record<Algorithm, true>

const isKnown = (text: string): text is Algorithm => Object.hasOwn(KNOWN, text)

/** What `COUNTERSIGN_SIGNING_ALGORITHM` says; HS512 when it says nothing. Throws when it says something else. */
export const signingAlgorithm = (text: string | undefined): Algorithm => {
  const said = text || 'HS512'
  if (isKnown(said)) return said
  throw new Error(`the signing algorithm is one of ${Object.keys(KNOWN).join(', ')}, not "${said}"`)
}
