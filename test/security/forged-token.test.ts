import { createHmac, generateKeyPairSync } from 'node:crypto'
import { SigningKey } from '@countersign/core/signing-key'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { consumer, issue, TENANCY, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** The attacker has the signing key itself, as after a leak, wherever that is what a test is about. */
describe('a forged token', async () => {
  const reasons: unknown[] = []
  const world = await tenancies({
    log: (line) => void (line.outcome === 'deny' && reasons.push(line.reason)),
  })
  afterAll(() => world.stop())
  beforeEach(() => void reasons.splice(0))

  const { secret: token } = world.token
  const [header, payload] = [decodeProtectedHeader(token), decodeJwt(token)]
  const [headerPart = '', payloadPart = '', signaturePart = ''] = token.split('.')
  const current = await world.platform.services.keyRing.current()
  if (!current) throw new Error('there is no key ring')
  const leaked = SigningKey.readRing(current.text).keys[0]
  if (!leaked) throw new Error('there is no key')
  const key = Buffer.from(leaked.secret.reveal(), 'base64url')
  const sign = (head: unknown, body: unknown, hash = 'sha512', secret: Buffer | string = key) => {
    const signed = `${encode(head)}.${encode(body)}`
    return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
  }
  const expectRefused = async (forged: string, reason: string) => {
    expect((await world.call({ path: TENANCY, token: forged })).status).toBe(401)
    expect(reasons).toEqual([reason])
  }

  it('is told from the real one, which the same bytes signed again are', async () => {
    expect((await world.call({ path: TENANCY, token: sign(header, payload) })).status).toBe(200)
  })

  it.each([
    ['none', { ...header, alg: 'none' }, ''],
    ['None, with the old signature', { ...header, alg: 'None' }, signaturePart],
    ['HS256', { ...header, alg: 'HS256' }, signaturePart],
    ['an empty name', { ...header, alg: '' }, signaturePart],
  ])('with alg %s is refused: the key pins the algorithm', async (_, head, signature) => {
    await expectRefused(`${encode(head)}.${payloadPart}.${signature}`, 'algorithm_mismatch')
  })

  it('signed with the right key and another hash is refused', async () => {
    await expectRefused(sign({ ...header, alg: 'HS256' }, payload, 'sha256'), 'algorithm_mismatch')
    reasons.splice(0)
    await expectRefused(sign(header, payload, 'sha256'), 'signature_invalid')
  })

  it('of RS256 or EdDSA, by whoever brings a key of their own, is refused', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const jwk = publicKey.export({ format: 'jwk' })
    const own = await new SignJWT(payload)
      .setProtectedHeader({ alg: 'EdDSA', kid: header.kid ?? '', typ: 'at+jwt' })
      .sign(privateKey)
    await expectRefused(own, 'algorithm_mismatch')
    reasons.splice(0)
    await expectRefused(sign({ ...header, jwk }, payload), 'token_malformed')
  })

  it.each(['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64'])(
    'with %s in its header is refused, though well signed',
    async (member) => {
      await expectRefused(sign({ ...header, [member]: [member] }, payload), 'token_malformed')
    },
  )

  it.each([
    ['of nobody', { ...header, kid: 'key_nobody' }, 'kid_unknown'],
    ['that is a path', { ...header, kid: '../../../dev/null' }, 'kid_unknown'],
    ['that is SQL', { ...header, kid: "' OR 1=1 --" }, 'kid_unknown'],
    ['that is a member of every object', { ...header, kid: '__proto__' }, 'kid_unknown'],
    ['that is a constructor', { ...header, kid: 'constructor' }, 'kid_unknown'],
    ['that is a list', { ...header, kid: [header.kid] }, 'token_malformed'],
    ['that is an object', { ...header, kid: { toString: header.kid } }, 'token_malformed'],
    ['that is missing', { alg: header.alg, typ: header.typ }, 'token_malformed'],
  ])('with a kid %s is refused', async (_, head, reason) => {
    await expectRefused(sign(head, payload), reason)
  })

  it('signed with nothing, or with a key everybody knows, is refused', async () => {
    await expectRefused(sign(header, payload, 'sha512', ''), 'signature_invalid')
    reasons.splice(0)
    const known = Buffer.from(
      'be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc15697b5d11c982ed6d71be1e1e7f7b4e0733884aa97c3f7a339a8ed03577cf74be09',
    )
    await expectRefused(sign(header, payload, 'sha512', known), 'signature_invalid')
  })

  it.each([
    ['later expiry', { exp: (payload.exp ?? 0) + 60 }],
    ['earlier issue', { iat: (payload.iat ?? 0) - 1 }],
  ])('re-signed under a known id with a leaked key and a %s does not match the row', async (_, change) => {
    await expectRefused(sign(header, { ...payload, ...change }), 'token_mismatch')
  })

  it('re-signed under a known id with a leaked key, for another consumer, does not match the row', async () => {
    const other = await consumer(world.client, 'Other')
    await expectRefused(sign(header, { ...payload, sub: other.id, client_id: other.id }), 'token_mismatch')
  })

  it('under an id that was never issued is refused, though well signed', async () => {
    await expectRefused(sign(header, { ...payload, jti: 'tok_0123456789abcdef' }), 'token_unknown')
  })

  it("under another token's id is refused", async () => {
    const other = await issue(world)
    await expectRefused(sign(header, { ...payload, jti: other.id }), 'token_mismatch')
  })

  it('with an audience of its own choice opens nothing', async () => {
    const called = await world.call({
      path: TENANCY,
      token: sign(header, { ...payload, aud: ['api_other'] }),
    })
    expect([called.status, reasons]).toEqual([403, ['audience_mismatch']])
  })

  it.each(['iss', 'aud', 'sub', 'jti', 'iat', 'exp'])(
    'without %s is refused, though well signed',
    async (claim) => {
      await expectRefused(sign(header, { ...payload, [claim]: undefined }), 'claims_invalid')
    },
  )

  it.each([
    ['another issuer', { iss: 'https://elsewhere' }, 'issuer_mismatch'],
    ['an id in sequence', { jti: 7 }, 'claims_invalid'],
    ['an expiry that is text', { exp: '9999999999' }, 'claims_invalid'],
    ['an expiry in the past', { exp: 1 }, 'token_expired'],
    ['an issue in the future', { iat: 9_999_999_998, exp: 9_999_999_999 }, 'token_not_yet_valid'],
    ['a future nbf', { nbf: 9_999_999_999 }, 'token_not_yet_valid'],
    ['a nbf that is no number', { nbf: true }, 'claims_invalid'],
  ])('with %s is refused, though well signed', async (_, change, reason) => {
    await expectRefused(sign(header, { ...payload, ...change }), reason)
  })

  it('that names a member twice, or never expires, is refused, though well signed', async () => {
    const text = JSON.stringify(payload)
    await expectRefused(sign(header, text.replace('{', '{"exp":99999999999,')), 'token_malformed')
    reasons.splice(0)
    await expectRefused(sign(header, text.replace(/"exp":\d+/, '"exp":1e400')), 'claims_invalid')
  })

  it.each([
    ['padding', `${token}=`],
    ['a fourth part', `${token}.`],
    ['no signature', `${headerPart}.${payloadPart}.`],
    ['no payload', `${headerPart}..${signaturePart}`],
    ['two parts', `${headerPart}.${payloadPart}`],
    ['another alphabet', token.replaceAll('-', '+').replaceAll('_', '/').replace(/$/, '+')],
    ['another payload', `${headerPart}.${encode({ ...payload, admin: true })}.${signaturePart}`],
  ])('made from the real one with %s is refused', async (_, forged) => {
    expect((await world.call({ path: TENANCY, token: forged })).status).toBe(401)
  })

  it('never made the platform ask for anything: the real one still works', async () => {
    expect((await world.call({ path: TENANCY, token })).status).toBe(200)
    expect(done(await world.client.tokens.show(world.token.id)).state).toBe('active')
  })
})
