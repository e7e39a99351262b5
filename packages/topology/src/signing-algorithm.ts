import { ALGORITHMS, type Algorithm, DEFAULT_ALGORITHM, isAlgorithm } from '@countersign/core/shared'

/** What `COUNTERSIGN_SIGNING_ALGORITHM` says; HS512 when it says nothing. Throws when it says something else. */
export const signingAlgorithm = (text: string | undefined): Algorithm => {
  const said = text || DEFAULT_ALGORITHM
  if (isAlgorithm(said)) return said
  throw new Error(`the signing algorithm is one of ${ALGORITHMS.join(', ')}, not "${said}"`)
}
