import { createHash, createHmac, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { compactVerify, createLocalJWKSet, SignJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { ALGORITHMS, type Algorithm } from '../shared/algorithm.ts'
import { LONGEST_TOKEN_SECONDS } from '../shared/environment.ts'
import { Redacted } from '../shared/redacted.ts'
import { signEs256 } from './es256.ts'
import { jwkSet, publicKeysOf } from './jwks.ts'
import { createVerifier } from './jws.ts'
import { ed25519PrivateKey, newKeyMaterial } from './key-material.ts'
import { isAvailable, PUBLIC_KEY_BYTES, publicJwk, publicKeyObject, SIGNATURE_BYTES } from './public-key.ts'
import type { KeyPair, SigningKey } from './ring.ts'
import { signJws } from './sign.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)
const NOW = new Date(1_000_000)

/** The same for the same name. */
const bytesOf = (name: string) => (count: number) =>
  createHash('sha512').update(name).digest().subarray(0, count)

const keyOf = async (algorithm: Algorithm, name = 'one'): Promise<SigningKey> => ({
  kid: `key_${algorithm}${name}`,
  ...(await newKeyMaterial(algorithm, bytesOf(`${algorithm} ${name}`))),
  createdAt: 0,
  signsFrom: 0,
})

const pairOf = async (algorithm: Exclude<Algorithm, 'HS512'>, name?: string): Promise<KeyPair> =>
  (await keyOf(algorithm, name)) as KeyPair

const HERE = ALGORITHMS.filter(isAvailable)
const PAIRS = HERE.filter((algorithm) => algorithm !== 'HS512')
const KEYS = new Map(await Promise.all(HERE.map(async (one) => [one, await keyOf(one)] as const)))
const key = (algorithm: Algorithm): SigningKey => {
  const found = KEYS.get(algorithm)
  if (!found) throw new Error(`${algorithm} is not available here`)
  return found
}
const RING = { keys: [...KEYS.values()] }
const verifier = createVerifier(RING)
const verdict = (text: string) => {
  const result = verifier(new Redacted(text))
  return result.ok ? 'verified' : result.error
}
const signed = async (algorithm: Algorithm, payload: object = { sub: 'con_1' }) =>
  (await signJws(key(algorithm), 'at+jwt', payload)).reveal()
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const withSignature = (text: string, signature: Uint8Array) =>
  `${text.slice(0, text.lastIndexOf('.'))}.${Buffer.from(signature).toString('base64url')}`
const signatureOf = (text: string) => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url')

describe('a signed token', () => {
  it.for(HERE)('of %s is verified with the same ring', async (algorithm) => {
    expect(verifier(new Redacted(await signed(algorithm)))).toEqual({
      ok: true,
      value: { kid: `key_${algorithm}one`, payload: { sub: 'con_1' } },
    })
  })

  it.for(HERE)('of %s comes out the same, byte for byte, whenever it is asked for', async (algorithm) => {
    const first = await signed(algorithm)
    for (let again = 0; again < 5; again++) expect(await signed(algorithm)).toBe(first)
    expect(await signed(algorithm, { sub: 'con_2' })).not.toBe(first)
  })

  it.for(['HS512', 'EdDSA'] as const)('of %s is what jose signs', async (algorithm) => {
    const secret = Buffer.from(key(algorithm).secret.reveal(), 'base64url')
    const jose = new SignJWT({ sub: 'con_1', aud: ['api_1'] }).setProtectedHeader({
      alg: algorithm,
      kid: key(algorithm).kid,
      typ: 'at+jwt',
    })
    const theirs = await jose.sign(algorithm === 'HS512' ? secret : ed25519PrivateKey(secret))
    expect(await signed(algorithm, { sub: 'con_1', aud: ['api_1'] })).toBe(theirs)
  })

  it('says nothing of itself when it is printed', async () => {
    expect(String(await signJws(key('EdDSA'), 'at+jwt', {}))).toBe('[redacted]')
  })
})

describe('ES256 with the nonce of RFC 6979', () => {
  const scalar = Buffer.from('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721', 'hex')

  /** RFC 6979 §A.2.5, P-256 with SHA-256. */
  it.for([
    [
      'sample',
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
      'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    ],
    [
      'test',
      'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367',
      '019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
    ],
  ] as const)('signs "%s" as the RFC does', async ([message, r, s]) => {
    const signature = signEs256(scalar, Buffer.from(message))
    expect(Buffer.from(signature).toString('hex').toUpperCase()).toBe(r + s)
  })
})

describe('a new key', () => {
  it.for(PAIRS)('of %s has a secret and a public half of the stated lengths', async (algorithm) => {
    const { secret, publicKey } = await pairOf(algorithm)
    expect(Buffer.from(secret.reveal(), 'base64url')).toHaveLength(32)
    expect(Buffer.from(publicKey, 'base64url')).toHaveLength(PUBLIC_KEY_BYTES[algorithm])
  })

  it.for(HERE)('of %s follows from its random bytes alone', async (algorithm) => {
    const again = await keyOf(algorithm)
    expect(again).toEqual(key(algorithm))
    expect((await keyOf(algorithm, 'two')).secret.reveal()).not.toBe(again.secret.reveal())
  })

  it('of ES256 has the public half that OpenSSL computes from its scalar', async () => {
    const { secret, ...pair } = await pairOf('ES256')
    const { x, y } = publicJwk(pair)
    const jwk = { kty: 'EC', crv: 'P-256', d: secret.reveal(), x, y }
    const privateKey = createPrivateKey({ key: jwk as never, format: 'jwk' })
    const signature = sign('sha256', Buffer.from('a'), privateKey)
    const publicKey = publicKeyObject(pair)
    expect(publicKey && verify('sha256', Buffer.from('a'), publicKey, signature)).toBe(true)
    const derived = createPublicKey(privateKey.export({ format: 'pem', type: 'sec1' }))
    expect(derived.export({ format: 'jwk' })).toEqual({ kty: 'EC', crv: 'P-256', x, y })
  })
})

describe('the verifier of key pairs', () => {
  it.for(PAIRS)('of %s takes a signature of its one length and spelling only', async (algorithm) => {
    const good = await signed(algorithm)
    const bytes = signatureOf(good)
    expect(bytes).toHaveLength(SIGNATURE_BYTES[algorithm])
    const others = [bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)]), Buffer.alloc(0)]
    for (const other of others) expect(verdict(withSignature(good, other))).toBe('signature_invalid')
    expect(verdict(withSignature(good, Buffer.alloc(bytes.length)))).toBe('signature_invalid')
    expect(verdict(withSignature(good, Buffer.alloc(bytes.length, 255)))).toBe('signature_invalid')
    for (const more of ['=', '==', '\n', ' ']) expect(verdict(good + more)).toBe('signature_invalid')
  })

  it.for(PAIRS)('of %s refuses a signature in which any bit is another', async (algorithm) => {
    const good = await signed(algorithm)
    const bytes = signatureOf(good)
    const step = Math.ceil(bytes.length / 128)
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      expect(verdict(withSignature(good, changed))).toBe('signature_invalid')
    }
  })

  it.for(PAIRS)('of %s refuses what another key of the algorithm signed', async (algorithm) => {
    const other = await keyOf(algorithm, 'other')
    const forged = await signJws({ ...other, kid: key(algorithm).kid }, 'at+jwt', { sub: 'con_1' })
    expect(verdict(forged.reveal())).toBe('signature_invalid')
  })

  it('refuses an ES256 signature in DER, as other protocols write it', async () => {
    const good = await signed('ES256')
    const bytes = signatureOf(good)
    const integer = (part: Buffer) => {
      const value = (part[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), part]) : part
      return Buffer.concat([Buffer.from([2, value.length]), value])
    }
    const body = Buffer.concat([integer(bytes.subarray(0, 32)), integer(bytes.subarray(32))])
    const der = Buffer.concat([Buffer.from([0x30, body.length]), body])
    expect(verdict(withSignature(good, der))).toBe('signature_invalid')
  })

  it('refuses an ES256 signature whose r or s is nothing, or the order of the curve', async () => {
    const good = await signed('ES256')
    const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
    const [r, s] = [signatureOf(good).subarray(0, 32), signatureOf(good).subarray(32)]
    const zero = Buffer.alloc(32)
    for (const parts of [
      [zero, s],
      [r, zero],
      [order, s],
      [r, order],
      [zero, zero],
    ])
      expect(verdict(withSignature(good, Buffer.concat(parts)))).toBe('signature_invalid')
  })

  it('refuses an EdDSA signature whose S was not reduced (RFC 8032 §5.1.7)', async () => {
    const good = await signed('EdDSA')
    const bytes = signatureOf(good)
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const number = (part: Buffer) => BigInt(`0x${Buffer.from(part).reverse().toString('hex')}`)
    const raised = (number(bytes.subarray(32)) + order).toString(16).padStart(64, '0')
    const signature = Buffer.concat([bytes.subarray(0, 32), Buffer.from(raised, 'hex').reverse()])
    expect(signature).toHaveLength(64)
    expect(verdict(withSignature(good, signature))).toBe('signature_invalid')
  })

  it('leaves out a key whose public half is no point of the curve, and goes on with the others', async () => {
    const broken = { ...(await pairOf('ES256')), publicKey: Buffer.alloc(64, 7).toString('base64url') }
    const verify = createVerifier({ keys: [broken, key('EdDSA')] })
    expect(verify(new Redacted(await signed('ES256')))).toEqual({ ok: false, error: 'kid_unknown' })
    expect(verify(new Redacted(await signed('EdDSA'))).ok).toBe(true)
  })
})

describe('an algorithm that the key does not have', () => {
  const swaps = HERE.flatMap((real) =>
    ALGORITHMS.filter((said) => said !== real).map((said) => ({ real, said })),
  )

  it.for(swaps)('is refused: a key of $real, a header that says $said', async ({ real, said }) => {
    const [, payload = '', signature = ''] = (await signed(real)).split('.')
    const header = encode({ alg: said, kid: key(real).kid, typ: 'at+jwt' })
    expect(verdict(`${header}.${payload}.${signature}`)).toBe('algorithm_mismatch')
  })

  it.for(PAIRS)('is refused though HS512 was computed over anything public of a key of %s', (algorithm) => {
    const pair = key(algorithm) as KeyPair
    const object = publicKeyObject(pair)
    const publicForms: readonly (string | Uint8Array)[] = [
      object?.export({ type: 'spki', format: 'pem' }) ?? '',
      object?.export({ type: 'spki', format: 'der' }) ?? '',
      JSON.stringify(publicJwk(pair)),
      pair.publicKey,
      Buffer.from(pair.publicKey, 'base64url'),
      '',
    ]
    for (const form of publicForms) {
      for (const alg of ['HS512', algorithm]) {
        const body = `${encode({ alg, kid: pair.kid, typ: 'at+jwt' })}.${encode({ sub: 'con_1' })}`
        const mac = createHmac('sha512', form).update(body).digest('base64url')
        expect(verdict(`${body}.${mac}`)).toBe(alg === 'HS512' ? 'algorithm_mismatch' : 'signature_invalid')
      }
    }
  })
})

describe(`key pairs beside jose (seed ${SEED}, COUNTERSIGN_SEED repeats it)`, () => {
  const keys = createLocalJWKSet(jwkSet(RING, NOW) as never)
  const joseAccepts = async (text: string): Promise<boolean> => {
    try {
      await compactVerify(text, keys)
      return true
    } catch {
      return false
    }
  }

  it.for(PAIRS)('jose verifies with the published set what we sign with %s', async (algorithm) => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }), async (payload) => {
        expect(await joseAccepts(await signed(algorithm, payload))).toBe(true)
      }),
      { seed: SEED, numRuns: 15 },
    )
  })

  it.for(PAIRS)('we accept nothing of %s, of all mutations, that jose refuses', async (algorithm) => {
    const good = await signed(algorithm)
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.constantFrom('A', 'B', 'w', '=', '.', ''),
        async (at, by) => {
          const text = `${good.slice(0, at)}${by}${good.slice(at + 1)}`
          if (verdict(text) !== 'verified') return
          accepted += 1
          expect(text).toBe(good)
          expect(await joseAccepts(text)).toBe(true)
        },
      ),
      { seed: SEED, numRuns: 400 },
    )
    expect(verdict(good)).toBe('verified')
    expect(accepted).toBeLessThan(50)
  })
})

describe('the published set of keys', () => {
  it('has the public half of every pair, and no trace of what has but one half', () => {
    const { keys } = jwkSet(RING, NOW)
    expect(keys.map(({ kid, alg }) => [kid, alg])).toEqual(PAIRS.map((one) => [`key_${one}one`, one]))
    expect(new Set(keys.map(({ use }) => use))).toEqual(new Set(['sig']))
    expect(JSON.stringify(keys)).not.toContain('HS512')
  })

  it('has nothing of a key that is retired, unless every key is asked for', () => {
    const [first, ...others] = PAIRS.map((one) => key(one))
    if (!first) throw new Error('no pair')
    const old = { ...first, createdAt: 0, signsFrom: 0 }
    const after = { ...key('HS512'), createdAt: 1, signsFrom: 1 }
    const ring = { keys: [old, ...others, after] }
    const over = new Date((1 + LONGEST_TOKEN_SECONDS) * 1_000)
    expect(jwkSet({ keys: [old, after] }, new Date(over.getTime() - 1_000)).keys).toHaveLength(1)
    expect(jwkSet({ keys: [old, after] }, over).keys).toEqual([])
    expect(publicKeysOf(ring).map(({ kid }) => kid)).toEqual([old, ...others].map(({ kid }) => kid))
  })

  it('writes each key as its RFC does', async () => {
    const jwk = (algorithm: Algorithm) => jwkSet({ keys: [key(algorithm)] }, NOW).keys[0]
    expect(new Set(Object.keys(jwk('EdDSA') ?? {}))).toEqual(
      new Set(['alg', 'crv', 'kid', 'kty', 'use', 'x']),
    )
    expect(new Set(Object.keys(jwk('ES256') ?? {}))).toEqual(
      new Set(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']),
    )
    expect(jwk('EdDSA')).toMatchObject({ kty: 'OKP', crv: 'Ed25519' })
    expect(jwk('ES256')).toMatchObject({ kty: 'EC', crv: 'P-256' })
    expect(jwk('HS512')).toBeUndefined()
    if (isAvailable('ML-DSA-44'))
      expect(new Set(Object.keys(jwk('ML-DSA-44') ?? {}))).toEqual(
        new Set(['alg', 'kid', 'kty', 'pub', 'use']),
      )
  })

  it('has no member that is not public, and no secret in any, whatever keys the ring has', async () => {
    const PUBLIC = new Set(['kid', 'alg', 'use', 'kty', 'crv', 'x', 'y', 'pub'])
    const pool = await Promise.all(
      HERE.flatMap((algorithm) => ['a', 'b', 'c'].map((name) => keyOf(algorithm, name))),
    )
    fc.assert(
      fc.property(
        fc.subarray(pool),
        fc.dictionary(fc.constantFrom('d', 'k', 'p', 'q', 'oth', 'priv'), fc.string()),
        (some, strays) => {
          const ring = { keys: some.map((one) => ({ ...one, ...strays })) }
          const text = JSON.stringify(jwkSet(ring, NOW))
          for (const jwk of (JSON.parse(text) as { keys: object[] }).keys)
            expect(Object.keys(jwk).filter((member) => !PUBLIC.has(member))).toEqual([])
          for (const { secret } of some) expect(text).not.toContain(secret.reveal())
        },
      ),
      { seed: SEED, numRuns: 200 },
    )
  })
})
