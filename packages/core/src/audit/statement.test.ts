import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type PublishedKey, readStatement } from './statement.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const KEY = { ...publicKey.export({ format: 'jwk' }), kid: 'key_1' } as PublishedKey
const TYPE = 'seal+jwt'
const HEADER = JSON.stringify({ alg: 'EdDSA', kid: 'key_1', typ: TYPE })

/** Texts as they stand, under a good signature: only what they say can be wrong. */
const signed = (payload: string | Buffer, header = HEADER): string => {
  const text = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}

const outcome = (jws: string, keys: readonly PublishedKey[] = [KEY]) => {
  const read = readStatement(jws, TYPE, keys)
  return read.ok ? read.value : read.error
}

describe('a statement', () => {
  it('is what was signed, and by which key', () => {
    expect(outcome(signed('{"day":"2026-03-01"}'))).toEqual({
      kid: 'key_1',
      payload: { day: '2026-03-01' },
    })
  })

  it.each(['', 'null', '7', '"text"', 'true', '[1]', '[]', '{', '{"a":1,"a":2}', '{"a":{"b":1,"b":1}}'])(
    'is none whose payload is %s',
    (payload) => {
      expect(outcome(signed(payload))).toBe('statement_malformed')
    },
  )

  it.each(['', 'null', '7', '[]', '{', HEADER.replace('{', '{"alg":"EdDSA",')])(
    'is none whose header is %s',
    (header) => {
      expect(outcome(signed('{}', header))).toBe('statement_malformed')
    },
  )

  it.each(['', '.', '..', '...', 'e30', 'e30.e30', 'e30.e30.'])('is none that is %j', (jws) => {
    expect(outcome(jws)).toBe('statement_malformed')
  })

  it('is none without its signature, or with a part of it', () => {
    const [head, body, signature = ''] = signed('{}').split('.')
    for (const part of ['', signature.slice(0, 40), `${signature}AAAA`])
      expect(outcome(`${head}.${body}.${part}`)).toBe('statement_malformed')
  })

  it('is verified by a key that is of Ed25519 in every word', () => {
    const { x: _, ...withoutX } = KEY
    for (const key of [
      { ...KEY, kty: 'EC' },
      { ...KEY, crv: 'X25519' },
      { ...KEY, crv: 'Ed448' },
      { kid: 'key_1', kty: 'OKP', x: String(KEY.x) },
      { ...KEY, x: '' },
      { ...KEY, x: `${KEY.x}AA` },
      withoutX,
    ])
      expect(outcome(signed('{}'), [key])).toBe('statement_key_unknown')
  })

  it('is read by what a key is, whatever else is said of it', () => {
    const more = { ...KEY, alg: 'EdDSA', use: 'sig', ext: true } as PublishedKey
    expect(outcome(signed('{}'), [{ kid: 'key_0', kty: 'oct' }, more])).toEqual({ kid: 'key_1', payload: {} })
  })
})
