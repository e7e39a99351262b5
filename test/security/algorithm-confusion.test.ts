import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { ALGORITHMS, type Algorithm } from '@countersign/core/shared'
import { type KeyPair, SigningKey } from '@countersign/core/signing-key'
import * as Signing from '@countersign/core/signing-key/signing'
import { readKeyRing } from '@countersign/functions/runtime/mint'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { issue, TENANCY, type Tenancies, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'

const HERE = ALGORITHMS.filter(SigningKey.isAvailable)
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** One ring with a key of each algorithm, each of which has signed a good token; the attacker knows what is public. */
describe('in a ring of every algorithm', () => {
  const reasons: unknown[] = []
  const tokens = new Map<Algorithm, string>()
  let now = new Date('2026-03-01T12:00:00Z')
  let world: Tenancies
  let keys: readonly SigningKey.SigningKey[]

  beforeAll(async () => {
    world = await tenancies({
      clock: () => now,
      log: (line) => void (line.outcome === 'deny' && reasons.push(line.reason)),
    })
    tokens.set('HS512', world.token.secret)
    for (const algorithm of HERE.filter((one) => one !== 'HS512')) {
      done(await world.client.signingKeys.rotate({ algorithm }))
      now = new Date(now.getTime() + 600_000)
      tokens.set(algorithm, (await issue(world)).secret)
    }
    keys = (await readKeyRing(world.platform.services)).keys
  })
  afterAll(() => world.stop())
  beforeEach(() => void reasons.splice(0))

  const tokenOf = (algorithm: Algorithm): string => tokens.get(algorithm) ?? ''
  const partsOf = (algorithm: Algorithm) => tokenOf(algorithm).split('.') as [string, string, string]
  const keyOf = (algorithm: Algorithm) => {
    const key = keys.find((one) => one.algorithm === algorithm)
    if (!key) throw new Error(`no key of ${algorithm}`)
    return key
  }
  const statusOf = async (token: string) => (await world.call({ path: TENANCY, token })).status
  const expectRefused = async (forged: string, reason: string) => {
    expect(await statusOf(forged)).toBe(401)
    expect(reasons.splice(0)).toEqual([reason])
  }
  const headerFor = (alg: string, key: SigningKey.SigningKey, more: object = {}) =>
    encode({ alg, kid: key.kid, typ: 'at+jwt', ...more })

  it.each(HERE)('the token of %s is good', async (algorithm) => {
    expect(await statusOf(tokenOf(algorithm))).toBe(200)
  })

  const pairs = HERE.flatMap((real) =>
    HERE.filter((other) => other !== real).map((other) => [real, other] as const),
  )

  it.each(pairs)('a key of %s takes no token that says %s', async (real, other) => {
    const [, payload, signature] = partsOf(real)
    await expectRefused(`${headerFor(other, keyOf(real))}.${payload}.${signature}`, 'algorithm_mismatch')
  })

  it.each(pairs)('what a key of %s signed is not good under the kid of one of %s', async (real, other) => {
    const payload = decodeJwt(tokenOf(real))
    const signer = { ...keyOf(real), kid: keyOf(other).kid }
    const forged = (await Signing.signJws(signer, 'at+jwt', payload)).reveal()
    await expectRefused(forged, 'algorithm_mismatch')
    const [, body, signature] = forged.split('.')
    await expectRefused(`${headerFor(other, keyOf(other))}.${body}.${signature}`, 'signature_invalid')
  })

  it.each(HERE.filter((one) => one !== 'HS512'))(
    'the public half of a key of %s is no HMAC secret, in whatever form',
    async (algorithm) => {
      const pair = keyOf(algorithm) as KeyPair
      const object = SigningKey.publicKeyObject(pair)
      const forms: readonly (string | Buffer)[] = [
        object?.export({ type: 'spki', format: 'pem' }) ?? '',
        String(object?.export({ type: 'spki', format: 'pem' })).trim(),
        object?.export({ type: 'spki', format: 'der' }) ?? '',
        JSON.stringify(SigningKey.publicJwk(pair)),
        JSON.stringify({ keys: [SigningKey.publicJwk(pair)] }),
        pair.publicKey,
        Buffer.from(pair.publicKey, 'base64url'),
        pair.kid,
        '',
      ]
      const [, payload] = partsOf(algorithm)
      const attempts = [
        [headerFor('HS512', pair), 'algorithm_mismatch'],
        [headerFor(algorithm, pair), 'signature_invalid'],
        [headerFor('HS512', keyOf('HS512')), 'signature_invalid'],
      ] as const
      for (const form of forms) {
        for (const [header, reason] of attempts) {
          const mac = createHmac('sha512', form).update(`${header}.${payload}`).digest('base64url')
          await expectRefused(`${header}.${payload}.${mac}`, reason)
        }
      }
    },
  )

  it('a key that the token brings along is never used', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const [, payload] = partsOf('EdDSA')
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: keyOf('EdDSA').kid, alg: 'EdDSA' }
    const forge = (header: string) =>
      `${header}.${payload}.${sign(null, Buffer.from(`${header}.${payload}`), privateKey).toString('base64url')}`
    await expectRefused(forge(headerFor('EdDSA', keyOf('EdDSA'), { jwk })), 'token_malformed')
    const jku = `${world.api}/.well-known/jwks.json`
    await expectRefused(forge(headerFor('EdDSA', keyOf('EdDSA'), { jku })), 'token_malformed')
    await expectRefused(forge(headerFor('EdDSA', keyOf('EdDSA'))), 'signature_invalid')
  })

  it('no other name of an algorithm is taken, not even a newer one for the same', async () => {
    const [, payload, signature] = partsOf('EdDSA')
    for (const alg of ['Ed25519', 'eddsa', 'Ed448', 'ES256K', 'ES384', 'ML-DSA-65', 'none', ''])
      await expectRefused(`${headerFor(alg, keyOf('EdDSA'))}.${payload}.${signature}`, 'algorithm_mismatch')
  })

  it('no answer of the platform, the log of it all included, holds the secret half of a key', async () => {
    const set = JSON.stringify(done(await world.client.signingKeys.jsonWebKeys()))
    const listed = JSON.stringify(done(await world.client.signingKeys.list()))
    const log = JSON.stringify(done(await world.client.audit.events({ limit: 100 })))
    for (const { secret, kid } of keys) {
      for (const text of [set, listed, log]) expect(text).not.toContain(secret.reveal())
      expect(listed).toContain(kid)
    }
  })
})
