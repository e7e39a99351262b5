import { createHmac, sign, verify } from 'node:crypto'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import * as Signing from '@countersign/core/signing-key/signing'
import { describe, expect, it } from 'vitest'
import { ABSENT, ed25519, encode, hs512, isAbsent, read, verdictOf, verifierWith } from './vectors.ts'

interface MacVectors {
  readonly testGroups: readonly {
    readonly tagSize: number
    readonly tests: readonly {
      readonly key: string
      readonly msg: string
      readonly tag: string
      readonly result: 'valid' | 'invalid'
    }[]
  }[]
}

const macsOf = (name: string) =>
  read<MacVectors>(name).testGroups.flatMap(({ tests, tagSize }) =>
    tests.map((test) => ({ ...test, tagSize })),
  )

const signedBy = (alg: string, claims: object) =>
  `${encode({ alg, kid: 'key_1', typ: 'JWT' })}.${encode(claims)}`

describe('HMAC-SHA-512 (Wycheproof, 174 vectors)', () => {
  it('is what signs: every vector is computed alike, and only whole tags are taken', (ctx) => {
    if (isAbsent('hmac_sha512_test.json')) ctx.skip(ABSENT)
    const macs = macsOf('hmac_sha512_test.json')
    expect(macs).toHaveLength(174)
    for (const { key, msg, tag, result, tagSize } of macs) {
      const secret = Buffer.from(key, 'hex')
      const mac = createHmac('sha512', secret).update(Buffer.from(msg, 'hex')).digest()
      expect(mac.subarray(0, tagSize / 8).toString('hex') === tag).toBe(result === 'valid')
      const signed = signedBy('HS512', { msg })
      const full = createHmac('sha512', secret).update(signed).digest()
      const verifier = verifierWith('key_1', hs512(secret))
      const verdict = (bytes: Buffer) => verdictOf(verifier, `${signed}.${bytes.toString('base64url')}`)
      expect(verdict(full)).toBe('accepted')
      expect(verdict(full.subarray(0, 32))).toBe('signature_invalid')
      expect(verdict(Buffer.from(tag, 'hex'))).toBe('signature_invalid')
    }
  })
})

describe('HMAC-SHA-256 (Wycheproof, 174 vectors)', () => {
  it('never signs a token: no tag of it is taken, whole or cut, whatever the header says', (ctx) => {
    if (isAbsent('hmac_sha256_test.json')) ctx.skip(ABSENT)
    const macs = macsOf('hmac_sha256_test.json')
    expect(macs).toHaveLength(174)
    for (const { key, msg, tag, tagSize } of macs) {
      const secret = Buffer.from(key, 'hex')
      const verifier = verifierWith('key_1', hs512(secret))
      for (const alg of ['HS256', 'HS512']) {
        const signed = signedBy(alg, { msg })
        const mac = createHmac('sha256', secret).update(signed).digest()
        for (const bytes of [mac, mac.subarray(0, tagSize / 8), Buffer.from(tag, 'hex')])
          expect(verdictOf(verifier, `${signed}.${bytes.toString('base64url')}`)).toBe(
            alg === 'HS256' ? 'algorithm_mismatch' : 'signature_invalid',
          )
      }
    }
  })
})

interface SignatureVectors {
  readonly testGroups: readonly {
    readonly publicKeyJwk: { readonly x: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: 'valid' | 'invalid'
    }[]
  }[]
}

describe('Ed25519 (Wycheproof, 151 vectors)', () => {
  const vectors = () =>
    read<SignatureVectors>('ed25519_test.json').testGroups.flatMap(({ tests, publicKeyJwk }) =>
      tests.map((test) => ({ ...test, x: publicKeyJwk.x })),
    )

  it('is what verifies: each signature is judged as the vector says, by the key as our ring holds it', (ctx) => {
    if (isAbsent('ed25519_test.json')) ctx.skip(ABSENT)
    expect(vectors()).toHaveLength(151)
    for (const { tcId, x, msg, sig, result } of vectors()) {
      const key = SigningKey.publicKeyObject({ ...keyOf(x), kid: 'key_1' })
      const good = key !== undefined && verify(null, Buffer.from(msg, 'hex'), key, Buffer.from(sig, 'hex'))
      expect({ tcId, good }).toEqual({ tcId, good: result === 'valid' })
    }
  })

  it('opens no token with a signature of something else, cut, stretched, or with an S that is not reduced', (ctx) => {
    if (isAbsent('ed25519_test.json')) ctx.skip(ABSENT)
    const signed = signedBy('EdDSA', { sub: 'con_1' })
    for (const { tcId, x, sig } of vectors()) {
      const token = `${signed}.${Buffer.from(sig, 'hex').toString('base64url')}`
      expect({ tcId, verdict: verdictOf(verifierWith('key_1', ed25519(x)), token) }).toEqual({
        tcId,
        verdict: 'signature_invalid',
      })
    }
  })

  it('has one signature for a token: the same with the order of the group added to S is refused', async () => {
    const material = await Signing.newKeyMaterial('EdDSA', (count) => Buffer.alloc(count, 7))
    if (material.algorithm !== 'EdDSA') throw new Error('another algorithm was asked for')
    const signed = signedBy('EdDSA', { sub: 'con_1' })
    const seed = Buffer.from(material.secret.reveal(), 'base64url')
    const signature = sign(null, Buffer.from(signed), Signing.ed25519PrivateKey(seed))
    const verifier = verifierWith('key_1', material)
    expect(verdictOf(verifier, `${signed}.${signature.toString('base64url')}`)).toBe('accepted')
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order
    const other = Buffer.concat([
      signature.subarray(0, 32),
      Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
    ])
    expect(verdictOf(verifier, `${signed}.${other.toString('base64url')}`)).toBe('signature_invalid')
  })
})

const keyOf = (x: string) => ({ algorithm: 'EdDSA', secret: new Redacted(''), publicKey: x }) as const
