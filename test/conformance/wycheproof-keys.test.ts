import { createHmac } from 'node:crypto'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { describe, expect, it } from 'vitest'
import {
  ABSENT,
  type Case,
  casesOf,
  encode,
  isAbsent,
  type Jwk,
  kidIn,
  read,
  ringKeysFor,
  type Vectors,
  verdictOf,
  verifierWith,
} from './vectors.ts'

const SETS = 'json_web_key_test.json'
const CRYPTO = 'json_web_crypto_test.json'

/** A key set as the text of a ring: its members as they are, under a `kid` that a key of ours could have. */
const ringText = (keys: readonly Jwk[]) =>
  new Redacted(
    JSON.stringify({
      version: 1,
      keys: keys.map(({ kid, alg, k, x, y }) => ({
        kid: `key_${(kid ?? '').replaceAll(/[^a-z0-9]/g, '')}`,
        algorithm: alg,
        secret: k ?? encode('32 bytes that nothing is asked of'),
        ...(x !== undefined && { publicKey: joined(x, y ?? '') }),
        createdAt: 0,
        signsFrom: 0,
      })),
    }),
  )

const joined = (...coordinates: readonly string[]): string =>
  Buffer.concat(coordinates.map((text) => Buffer.from(text, 'base64url'))).toString('base64url')

const ringOf = (keys: readonly Jwk[]): string => {
  try {
    return `${SigningKey.readRing(ringText(keys)).keys.length} keys`
  } catch {
    return 'no ring'
  }
}

/** What becomes of each key set: a ring, or none. Only 15 holds keys of ours and nothing else. */
const RINGS: Readonly<Record<number, string>> = {
  1: 'no ring', // an HS256 key, beside one of RS256
  2: 'no ring', // HS256
  3: 'no ring', // HS256
  4: 'no ring', // one kid twice
  5: 'no ring', // RS256
  6: 'no ring', // RSA1_5
  7: 'no ring', // RS256, of a broken generator
  8: 'no ring', // RS256, 1,024 bits
  9: 'no ring', // RS256, exponent 1
  10: 'no ring', // HS256, too short
  11: 'no ring', // HS384, too short
  12: 'no ring', // HS512, too short
  13: 'no ring', // HS256
  14: 'no ring', // HS384
  15: '1 keys', // HS512, 65 bytes
  16: 'no ring', // HS256, empty
  17: 'no ring', // HS384, empty
  18: 'no ring', // HS512, empty
  19: 'no ring', // "ES521"
  20: 'no ring', // "ES224"
  21: 'no ring',
  22: 'no ring',
  23: 'no ring',
  24: 'no ring',
  25: 'no ring', // A256GCM
  26: 'no ring', // A256KW
}

const keysOf = ({ key }: Case): readonly Jwk[] => key.keys ?? [key]

const tried = (one: Case): readonly string[] =>
  keysOf(one)
    .flatMap(ringKeysFor)
    .map((material) => verdictOf(verifierWith(kidIn(one.text, 'key_1'), material), one.text))

describe('JSON Web Key sets (Wycheproof, 26 vectors)', () => {
  it('become a ring, or none, as is said of each', (ctx) => {
    if (isAbsent(SETS)) ctx.skip(ABSENT)
    const cases = casesOf(read<Vectors>(SETS))
    expect(Object.fromEntries(cases.map((one) => [one.id, ringOf(keysOf(one))]))).toEqual(RINGS)
  })

  it('open nothing with their tokens as they stand, whichever key of ours is in the ring', (ctx) => {
    if (isAbsent(SETS)) ctx.skip(ABSENT)
    const cases = casesOf(read<Vectors>(SETS))
    expect(cases).toHaveLength(26)
    for (const one of cases) expect([one.id, ...tried(one)]).not.toContain('accepted')
  })

  it('verify an access token where the set holds a key of ours (15)', (ctx) => {
    if (isAbsent(SETS)) ctx.skip(ABSENT)
    const [own] = casesOf(read<Vectors>(SETS)).filter(({ id }) => id === 15)
    const [key] = own ? keysOf(own) : []
    const ring = SigningKey.readRing(ringText(key ? [key] : []))
    const signed = `${encode({ alg: 'HS512', kid: ring.keys[0]?.kid, typ: 'at+jwt' })}.${encode({ sub: 'con_1' })}`
    const mac = createHmac('sha512', Buffer.from(key?.k ?? '', 'base64url'))
      .update(signed)
      .digest('base64url')
    expect(verdictOf(SigningKey.createVerifier(ring), `${signed}.${mac}`)).toBe('accepted')
  })
})

describe('JSON Web Crypto (Wycheproof, 83 vectors)', () => {
  it('opens nothing: 49 signed texts that are no access tokens, and 34 that are encrypted, which is never read', (ctx) => {
    if (isAbsent(CRYPTO)) ctx.skip(ABSENT)
    const cases = casesOf(read<Vectors>(CRYPTO))
    const encrypted = read<Vectors>(CRYPTO).testGroups.flatMap(({ tests }) =>
      tests.filter(({ jwe }) => jwe !== undefined).map(({ tcId }) => tcId),
    )
    expect([cases.length, encrypted.length]).toEqual([83, 34])
    for (const one of cases) expect([one.id, ...tried(one)]).not.toContain('accepted')
    for (const one of cases.filter(({ id }) => encrypted.includes(id)))
      expect(new Set(tried(one))).toEqual(new Set(['token_malformed']))
  })
})
