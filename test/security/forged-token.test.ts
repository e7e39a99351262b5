import { createHmac, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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

  const NONE = [
    'none',
    'None',
    'nOnE',
    'NONE',
    'none ',
    ' none',
    'none\u0000',
    'n\u043Ene',
    'null',
    'nil',
    '',
  ]
  const OTHER = [
    'HS256',
    'HS384',
    'hs512',
    'HS512 ',
    'HS513',
    'RS256',
    'RS512',
    'PS512',
    'ES512',
    'dir',
    'A256KW',
  ]

  it.each([...NONE, ...OTHER])(
    'with alg %j is refused, signed or not: the key pins the algorithm',
    async (alg) => {
      const head = { ...header, alg }
      await expectRefused(`${encode(head)}.${payloadPart}.${signaturePart}`, 'algorithm_mismatch')
      reasons.splice(0)
      await expectRefused(sign(head, payload), 'algorithm_mismatch')
      reasons.splice(0)
      await expectRefused(`${encode(head)}.${payloadPart}.`, 'algorithm_mismatch')
    },
  )

  it.each([
    ['a list', [header.alg]],
    ['null', null],
    ['a number', 512],
    ['an object', { toString: header.alg }],
    ['missing', undefined],
  ])('with an alg that is %s is refused', async (_, alg) => {
    await expectRefused(sign({ ...header, alg }, payload), 'token_malformed')
  })

  it('signed with the text of the ring, of its own kid, or of a public key is refused', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    for (const secret of [leaked.secret.reveal(), leaked.kid, header.kid ?? '', String(pem), '\u0000']) {
      await expectRefused(sign(header, payload, 'sha512', secret), 'signature_invalid')
      reasons.splice(0)
    }
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
    'with %s in its header is refused, though well signed, whatever it holds',
    async (member) => {
      for (const value of [
        [member],
        { kty: 'oct', k: 'AA' },
        'https://attacker.example/jwks',
        [],
        null,
        false,
      ]) {
        await expectRefused(sign({ ...header, [member]: value }, payload), 'token_malformed')
        reasons.splice(0)
      }
    },
  )

  it('never makes the platform ask an address that its header names', async () => {
    let asked = 0
    const stranger = createServer((_, response) => {
      asked += 1
      response.end('{"keys":[]}')
    })
    await new Promise<void>((resolve) => void stranger.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/jwks`
    for (const member of ['jku', 'x5u', 'jwks_uri', 'kid', 'iss'])
      expect(
        (await world.call({ path: TENANCY, token: sign({ ...header, [member]: url }, payload) })).status,
      ).toBe(member === 'jwks_uri' || member === 'iss' ? 200 : 401)
    await new Promise((resolve) => void stranger.close(resolve))
    expect(asked).toBe(0)
  })

  it.each([
    ['of nobody', { ...header, kid: 'key_nobody' }, 'kid_unknown'],
    ['that is a path', { ...header, kid: '../../../dev/null' }, 'kid_unknown'],
    ['that is SQL', { ...header, kid: "' OR 1=1 --" }, 'kid_unknown'],
    ['with a NUL', { ...header, kid: `${header.kid}\u0000` }, 'kid_unknown'],
    ['with a NUL and more', { ...header, kid: `${header.kid}\u0000../../x` }, 'kid_unknown'],
    [
      'that is SQL with the real one',
      { ...header, kid: `x' UNION SELECT '${header.kid}' --` },
      'kid_unknown',
    ],
    ['that is a shell command', { ...header, kid: '| cat /etc/passwd' }, 'kid_unknown'],
    ['that is an ARN', { ...header, kid: 'arn:aws:secretsmanager:eu-west-2:1:secret:x' }, 'kid_unknown'],
    ['in other letters', { ...header, kid: header.kid?.toUpperCase() }, 'kid_unknown'],
    ['of 3 kB', { ...header, kid: 'k'.repeat(3_000) }, 'kid_unknown'],
    ['of 10 kB', { ...header, kid: 'k'.repeat(10_000) }, 'credential_too_long'],
    ['that is empty', { ...header, kid: '' }, 'kid_unknown'],
    ['that is a number', { ...header, kid: 1 }, 'token_malformed'],
    ['that is null', { ...header, kid: null }, 'token_malformed'],
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
    'without %s, or with one of another type, is refused, though well signed',
    async (claim) => {
      for (const value of [undefined, null, true, {}, [], [{}], '', { toString: 'x' }, Number.MAX_VALUE]) {
        const forged = sign(header, { ...payload, [claim]: value })
        expect({ value, status: (await world.call({ path: TENANCY, token: forged })).status }).toEqual({
          value,
          status: claim === 'aud' && value === '' ? 403 : 401,
        })
      }
      expect(reasons[0]).toBe('claims_invalid')
    },
  )

  it.each(['typ'])('without %s is refused, though well signed', async (member) => {
    await expectRefused(sign({ ...header, [member]: undefined }, payload), 'token_malformed')
  })

  it.each([
    ['another issuer', { iss: 'https://elsewhere' }, 'issuer_mismatch'],
    ['an id in sequence', { jti: 7 }, 'claims_invalid'],
    ['an expiry that is text', { exp: '9999999999' }, 'claims_invalid'],
    ['an expiry that is a float', { exp: (payload.exp ?? 0) + 0.5 }, 'token_mismatch'],
    ['an expiry of this instant', { exp: Math.floor(Date.now() / 1_000) }, 'token_expired'],
    ['an expiry beyond all dates', { exp: 1e300 }, 'token_mismatch'],
    ['an expiry before all dates', { exp: -1 }, 'claims_invalid'],
    ['an expiry in a list', { exp: [payload.exp] }, 'claims_invalid'],
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

  const text = JSON.stringify(payload)
  const encoded = (from: string | Uint8Array) => Buffer.from(from).toString('base64url')
  const signedParts = (head: string, body: string) => {
    const signed = `${head}.${body}`
    return `${signed}.${createHmac('sha512', key).update(signed).digest('base64url')}`
  }
  /** The same bytes again in another spelling: the last letter of a part carries bits that stand for nothing. */
  const respelled = (part: string): string => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const bytes = Buffer.from(part, 'base64url')
    const other = [...alphabet].map((letter) => part.slice(0, -1) + letter)
    return other.find((one) => one !== part && Buffer.from(one, 'base64url').equals(bytes)) ?? `${part}=`
  }

  it.each([
    [
      'a byte order mark before its header',
      signedParts(encoded(`\uFEFF${JSON.stringify(header)}`), payloadPart),
    ],
    ['a byte order mark before its claims', signedParts(headerPart, encoded(`\uFEFF${text}`))],
    [
      'bytes that are no UTF-8',
      signedParts(
        headerPart,
        encoded(Buffer.concat([Buffer.from(text.replace('}', ',"x":"')), Buffer.from([0xff, 0x22, 0x7d])])),
      ),
    ],
    [
      'a surrogate half as bytes',
      signedParts(
        headerPart,
        encoded(
          Buffer.concat([
            Buffer.from(text.replace('}', ',"x":"')),
            Buffer.from([0xed, 0xa0, 0x80, 0x22, 0x7d]),
          ]),
        ),
      ),
    ],
    ['UTF-16', signedParts(headerPart, encoded(Buffer.from(text, 'utf16le')))],
    ['a claim twice', signedParts(headerPart, encoded(text.replace('{', `{"exp":${payload.exp},`)))],
    [
      'a claim twice, once with an escape',
      signedParts(headerPart, encoded(text.replace('{', '{"e\\u0078p":9999999999,'))),
    ],
    [
      'an algorithm twice',
      signedParts(encoded(`{"alg":"none",${JSON.stringify(header).slice(1)}`), payloadPart),
    ],
    [
      'a kid twice',
      signedParts(encoded(`{"kid":"${header.kid}",${JSON.stringify(header).slice(1)}`), payloadPart),
    ],
    ['padding in its header', signedParts(`${headerPart}=`, payloadPart)],
    ['padding in its claims', signedParts(headerPart, `${payloadPart}==`)],
    ['stray bits in its claims', signedParts(headerPart, respelled(encoded(text.replace('}', ',"x":"1"}'))))],
    ['an escape in its claims', signedParts(headerPart, `${payloadPart}%0A`)],
    ['claims that are a list', signedParts(headerPart, encoded(`[${text}]`))],
    ['claims that are text', signedParts(headerPart, encoded(JSON.stringify(text)))],
    ['claims that are nothing', signedParts(headerPart, encoded('null'))],
    ['two objects for claims', signedParts(headerPart, encoded(`${text}${text}`))],
    ['claims with a comment', signedParts(headerPart, encoded(text.replace('{', '{/**/')))],
    ['claims cut off', signedParts(headerPart, encoded(text.slice(0, -1)))],
    ['a whole token for its header', signedParts(encoded(token), payloadPart)],
    ['nothing for its header', signedParts('', payloadPart)],
  ])('with %s is refused as malformed, though well signed', async (_, forged) => {
    await expectRefused(forged, 'token_malformed')
  })

  it('whose claims nest without end, or hold numbers without end, is judged without harm', async () => {
    const nested = `${'['.repeat(2_500)}${']'.repeat(2_500)}`
    const deep = signedParts(headerPart, encoded(text.replace('}', `,"x":${nested}}`)))
    expect((await world.call({ path: TENANCY, token: deep })).status).toBe(200)
    const wide = signedParts(headerPart, encoded(text.replace('}', `,"x":${'9'.repeat(4_000)}}`)))
    expect((await world.call({ path: TENANCY, token: wide })).status).toBe(200)
    for (const number of [
      '1e400',
      '-1e400',
      '9'.repeat(400),
      '0x7fffffff',
      '1e',
      '01',
      '+1',
      'Infinity',
      'NaN',
    ])
      for (const claim of ['exp', 'iat']) {
        const forged = signedParts(
          headerPart,
          encoded(text.replace(new RegExp(`"${claim}":\\d+`), `"${claim}":${number}`)),
        )
        expect((await world.call({ path: TENANCY, token: forged })).status).toBe(401)
      }
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
