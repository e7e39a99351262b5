import { ALGORITHMS, DEFAULT_ALGORITHM } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { signingAlgorithm } from './signing-algorithm.ts'

describe('the configured signing algorithm', () => {
  it('is the default where nothing is said', () => {
    expect([undefined, ''].map(signingAlgorithm)).toEqual([DEFAULT_ALGORITHM, DEFAULT_ALGORITHM])
  })

  it.each(ALGORITHMS)('may be %s', (algorithm) => {
    expect(signingAlgorithm(algorithm)).toBe(algorithm)
  })

  it.each(['none', 'RS256', 'hs512', 'Ed25519', '__proto__', 'constructor'])('is refused: %s', (text) => {
    expect(() => signingAlgorithm(text)).toThrow(`HS512, EdDSA, ES256, ML-DSA-44, not "${text}"`)
  })
})
