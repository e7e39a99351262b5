import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { describe, expect, it } from 'vitest'

/*
 * Published vectors, read from the folder beside the project. The verifier only takes HS512 keys of 64 bytes, found by
 * `kid`, and types it knows; so a vector is either of use as it stands, or its key and its MAC are, in a token of ours.
 */
const VECTORS = new URL('../../../shared/vectors/', import.meta.url)
const ABSENT = 'the published vectors are not on this machine'

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8'))
const isAbsent = (name: string) => !existsSync(new URL(name, VECTORS))

const KID = 'key_vector'
const verifierOf = (secret: Buffer, kid: `key_${string}` = KID) =>
  SigningKey.createVerifier({
    keys: [
      {
        kid,
        algorithm: 'HS512',
        secret: new Redacted(secret.toString('base64url')),
        createdAt: 0,
        signsFrom: 0,
      },
    ],
  })

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

interface MacVectors {
  readonly testGroups: readonly {
    readonly keySize: number
    readonly tagSize: number
    readonly tests: readonly {
      readonly tcId: number
      readonly key: string
      readonly msg: string
      readonly tag: string
      readonly result: 'valid' | 'invalid'
    }[]
  }[]
}

describe('HMAC-SHA-512 (Wycheproof)', () => {
  it('is what signs: every vector is computed alike, and only whole tags are taken', (ctx) => {
    if (isAbsent('hmac_sha512_test.json')) ctx.skip(ABSENT)
    const { testGroups } = read('hmac_sha512_test.json') as MacVectors
    let tried = 0
    for (const { tests, tagSize } of testGroups) {
      for (const { key, msg, tag, result } of tests) {
        const mac = createHmac('sha512', Buffer.from(key, 'hex')).update(Buffer.from(msg, 'hex')).digest()
        const same = mac.subarray(0, tagSize / 8).toString('hex') === tag
        expect(same).toBe(result === 'valid')
        const secret = Buffer.from(key, 'hex')
        const signed = `${encode({ alg: 'HS512', kid: KID, typ: 'JWT' })}.${encode({ msg })}`
        const full = createHmac('sha512', secret).update(signed).digest()
        const verify = verifierOf(secret)
        const verdict = (bytes: Buffer) => verify(new Redacted(`${signed}.${bytes.toString('base64url')}`)).ok
        expect(verdict(full)).toBe(true)
        expect(verdict(full.subarray(0, 32))).toBe(false)
        expect(verdict(Buffer.from(tag, 'hex'))).toBe(false)
        tried += 1
      }
    }
    expect(tried).toBeGreaterThan(100)
  })
})

interface JwsVectors {
  readonly testGroups: readonly {
    readonly comment: string
    readonly private?: { readonly k?: string; readonly kty?: string; readonly alg?: string }
    readonly tests: readonly { readonly tcId: number; readonly jws: unknown; readonly result: string }[]
  }[]
}

describe('JSON Web Signature (Wycheproof)', () => {
  it('takes none of the invalid ones, and none of another algorithm, whatever key the ring has under their kid', (ctx) => {
    if (isAbsent('json_web_signature_test.json')) ctx.skip(ABSENT)
    const { testGroups } = read('json_web_signature_test.json') as JwsVectors
    let tried = 0
    for (const { private: key, tests } of testGroups) {
      const secret = key?.k ? Buffer.from(key.k, 'base64url') : Buffer.alloc(64, 7)
      for (const { jws, result } of tests) {
        const text = typeof jws === 'string' ? jws : JSON.stringify(jws)
        const verify = verifierOf(secret, kidIn(text) as `key_${string}`)
        const accepted = verify(new Redacted(text)).ok
        if (accepted) expect({ result, alg: key?.alg }).toEqual({ result: 'valid', alg: 'HS512' })
        tried += 1
      }
    }
    expect(tried).toBeGreaterThan(300)
  })

  const kidIn = (text: string): string => {
    try {
      const header: unknown = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString())
      return String((header as { kid?: unknown }).kid)
    } catch {
      return KID
    }
  }
})

interface Cookbook {
  readonly input: { readonly payload: string; readonly key: { readonly k: string; readonly kid: string } }
  readonly output: { readonly compact: string }
}

describe('JOSE cookbook (RFC 7520 §4.4)', () => {
  const name = 'jose-cookbook/jws/4_4.hmac-sha2_integrity_protection.json'

  it('its HS256 token is refused by a ring that has its key: the key pins the algorithm', (ctx) => {
    if (isAbsent(name)) ctx.skip(ABSENT)
    const { input, output } = read(name) as Cookbook
    const verify = verifierOf(Buffer.from(input.key.k, 'base64url'), input.key.kid as `key_${string}`)
    expect(verify(new Redacted(output.compact)).ok).toBe(false)
    const header = { ...(JSON.parse(headerOf(output.compact)) as object), typ: 'JWT' }
    const retyped = verify(new Redacted(`${encode(header)}.${output.compact.split('.').slice(1).join('.')}`))
    expect(retyped).toEqual({ ok: false, error: 'algorithm_mismatch' })
  })

  it('its key signs HS512 tokens that are accepted', (ctx) => {
    if (isAbsent(name)) ctx.skip(ABSENT)
    const { input } = read(name) as Cookbook
    const secret = Buffer.from(input.key.k, 'base64url')
    const signed = `${encode({ alg: 'HS512', kid: KID, typ: 'JWT' })}.${encode({ text: input.payload })}`
    const token = `${signed}.${createHmac('sha512', secret).update(signed).digest('base64url')}`
    expect(verifierOf(secret)(new Redacted(token))).toMatchObject({
      ok: true,
      value: { payload: { text: input.payload } },
    })
  })

  const headerOf = (compact: string) => Buffer.from(compact.split('.')[0] ?? '', 'base64url').toString()
})
