import { describe, expect, it } from 'vitest'
import { see } from '../testing/seen.ts'

const SET = {
  keys: [{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: 'key_1', x: 'the-public-half' }],
}

describe('the public keys', () => {
  it.each([[[]], [['--json']]])('are printed as anybody may have them: %j', async (words) => {
    const { code, out, last } = await see(['keys', 'jwks', ...words], SET)
    expect([code, last?.asked]).toEqual([0, 'GET /.well-known/jwks.json'])
    expect(JSON.parse(out)).toEqual(SET)
  })
})
