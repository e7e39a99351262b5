import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { localIam } from './iam.ts'
import type { GatewayRequest } from './message.ts'
import { verifySignature } from './signature.ts'
import { receivedOf, type Signing, signedBySdk } from './signing.fixture.ts'

const NOW = new Date('2026-11-23T03:50:41Z')
const LASTING = { accessKeyId: 'AKIALOCAL', secretAccessKey: new Redacted('a/lasting+secret=') }
const SESSION = {
  accessKeyId: 'ASIALOCAL',
  secretAccessKey: new Redacted('a temporary secret'),
  sessionToken: new Redacted('a/session+token=='),
}
const known = new Map([LASTING, SESSION].map((credential) => [credential.accessKeyId, credential]))

const verdict = (request: GatewayRequest, now = NOW) => {
  const verified = verifySignature(request, 'eu-west-2', (id) => known.get(id), now)
  return verified.ok ? verified.value.accessKeyId : `${verified.error.type}: ${verified.error.message}`
}

const received = async (signing: Signing, credential: typeof LASTING | typeof SESSION = LASTING) =>
  receivedOf(await signedBySdk({ now: NOW, ...signing }, credential))

const REQUESTS: readonly (readonly [string, Signing])[] = [
  ['a plain path', { path: '/staging/tenancies/7' }],
  ['the root', { path: '/' }],
  ['a slash at the end', { path: '/staging/tenancies/' }],
  ['an encoded space', { path: '/staging/a%20b' }],
  ['encoded letters of another script', { path: '/staging/%E2%98%83/%C3%A9' }],
  ['reserved characters', { path: "/staging/a:b@c;d=e,f$g!h'i(j)k~l" }],
  ['a query out of order', { path: '/x', query: { b: '2', a: '1', A: '0', 'a-': '3' } }],
  ['values out of order', { path: '/x', query: { a: ['2', '1', '10'] } }],
  ['an empty value', { path: '/x', query: { a: '' } }],
  ['a query that needs encoding', { path: '/x', query: { 'q[]': "a b+c/ü%=&*'()", é: '~' } }],
  ['headers', { path: '/x', headers: { 'x-amz-meta': '  a   b  ', 'X-Other': 'c', accept: '*/*' } }],
  [
    'a body',
    { method: 'POST', path: '/x', body: '{"ä":1}', headers: { 'content-type': 'application/json' } },
  ],
  ['another host', { path: '/v1/x', host: 'api.example.org' }],
]

describe('a request that the AWS SDK signed', () => {
  it.each(REQUESTS)('is verified with %s', async (_, signing) => {
    expect(verdict(await received(signing))).toBe('AKIALOCAL')
    expect(verdict(await received(signing, SESSION))).toBe('ASIALOCAL')
  })

  it.each(REQUESTS.filter(([, { body }]) => body === undefined))(
    'is verified with %s in a presigned query',
    async (_, signing) => {
      expect(verdict(await received({ ...signing, expiresIn: 60 }))).toBe('AKIALOCAL')
      expect(verdict(await received({ ...signing, expiresIn: 60 }, SESSION))).toBe('ASIALOCAL')
    },
  )

  it.each<[string, (request: GatewayRequest) => Partial<GatewayRequest>]>([
    ['method', () => ({ method: 'PUT' })],
    ['path', () => ({ wirePath: '/staging/tenancies/8' })],
    ['path, encoded another way', () => ({ wirePath: '/staging/%74enancies/7' })],
    ['path, by a slash at the end', () => ({ wirePath: '/staging/tenancies/7/' })],
    ['query', ({ query }) => ({ query: query.replace('a=1', 'a=2') })],
    ['query, by one more', ({ query }) => ({ query: `${query}&b=1` })],
    ['body', () => ({ body: Buffer.from('{"amount":1000}') })],
    ['body, which is gone', () => ({ body: Buffer.alloc(0) })],
    ['host', ({ headers }) => ({ headers: replaced(headers, 'host', 'other.example.org') })],
    ['type', ({ headers }) => ({ headers: replaced(headers, 'content-type', 'text/plain') })],
    ['a header, said twice', ({ headers }) => ({ headers: [...headers, ['content-type', 'text/plain']] })],
    [
      'a header, taken away',
      ({ headers }) => ({ headers: headers.filter(([name]) => name !== 'content-type') }),
    ],
  ])('is refused with another %s', async (_, change) => {
    const signing = {
      method: 'POST',
      path: '/staging/tenancies/7',
      query: { a: '1' },
      body: '{"amount":1}',
      headers: { 'content-type': 'application/json' },
    }
    const request = await received(signing)
    expect(verdict(request)).toBe('AKIALOCAL')
    expect(verdict({ ...request, ...change(request) })).toMatch(
      /^InvalidSignatureException: The request signature we calculated does not match/,
    )
  })

  it.each([
    ['five minutes late', 300, 'AKIALOCAL'],
    [
      'a second later than that',
      301,
      /^InvalidSignatureException: Signature expired: 20261123T035041Z is now earlier/,
    ],
    ['five minutes early', -300, 'AKIALOCAL'],
    [
      'a second earlier than that',
      -301,
      /^InvalidSignatureException: Signature not yet current: 20261123T035041Z/,
    ],
  ])('is judged when it comes %s', async (_, seconds, expected) => {
    const now = new Date(NOW.getTime() + seconds * 1_000)
    expect(verdict(await received({ path: '/x' }), now)).toEqual(
      typeof expected === 'string' ? expected : expect.stringMatching(expected),
    )
  })

  it('lives as long as its query says', async () => {
    const request = await received({ path: '/x', expiresIn: 900 })
    expect(verdict(request, new Date(NOW.getTime() + 900_000))).toBe('AKIALOCAL')
    expect(verdict(request, new Date(NOW.getTime() + 901_000))).toMatch(/Signature expired/)
    const longer = { ...request, query: request.query.replace('X-Amz-Expires=900', 'X-Amz-Expires=9000') }
    expect(verdict(longer)).toMatch(/does not match/)
    const forever = { ...request, query: request.query.replace('X-Amz-Expires=900', 'X-Amz-Expires=604801') }
    expect(verdict(forever)).toMatch(/^IncompleteSignatureException: X-Amz-Expires/)
  })

  it.each([
    ['another region', { region: 'us-east-1' }, "not 'us-east-1'"],
    ['another service', { service: 's3' }, "correct service: 'execute-api'"],
  ])('is refused for %s', async (_, more, message) => {
    expect(verdict(await received({ path: '/x', ...more }))).toContain(message)
  })

  it('is refused for a key that nobody knows', async () => {
    const stranger = { ...LASTING, accessKeyId: 'AKIASTRANGER' }
    const request = receivedOf(await signedBySdk({ path: '/x', now: NOW }, stranger))
    expect(verdict(request)).toBe(
      'UnrecognizedClientException: The security token included in the request is invalid.',
    )
  })

  it('is refused with another secret', async () => {
    const wrong = { ...LASTING, secretAccessKey: new Redacted('a guess') }
    expect(verdict(receivedOf(await signedBySdk({ path: '/x', now: NOW }, wrong)))).toMatch(/does not match/)
  })

  it.each([
    ['temporary keys without their session token', SESSION, undefined],
    ["temporary keys with another's session token", SESSION, new Redacted('another')],
    ['lasting keys with a session token', LASTING, new Redacted('a/session+token==')],
  ])('is refused for %s', async (_, { accessKeyId, secretAccessKey }, sessionToken) => {
    const credential = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
    for (const more of [{}, { expiresIn: 60 }])
      expect(verdict(receivedOf(await signedBySdk({ path: '/x', now: NOW, ...more }, credential)))).toBe(
        'UnrecognizedClientException: The security token included in the request is invalid.',
      )
  })
})

const replaced = (headers: GatewayRequest['headers'], name: string, value: string) =>
  headers.map(([one, old]) => [one, one === name ? value : old] as const)

describe('a request that carries no whole signature', () => {
  const given = async (change: (header: string) => string, more: Partial<GatewayRequest> = {}) => {
    const request = await received({ path: '/x' })
    const headers = request.headers.map(
      ([name, value]) => [name, name === 'authorization' ? change(value) : value] as const,
    )
    return verdict({ ...request, headers, ...more })
  }

  it('is refused when there is none at all', async () => {
    const request = await received({ path: '/x' })
    const bare = { ...request, headers: request.headers.filter(([name]) => name !== 'authorization') }
    expect(verdict(bare)).toBe('MissingAuthenticationTokenException: Missing Authentication Token')
  })

  it.each<[string, (header: string) => string]>([
    ['a bearer', () => 'Bearer a.b.c'],
    ['nothing after its name', () => 'AWS4-HMAC-SHA256'],
    ['another algorithm', (header) => header.replace('HMAC-SHA256', 'ECDSA-P256-SHA256')],
    ['no signature', (header) => header.replace(/, Signature=.*/, '')],
    ['an empty signature', (header) => header.replace(/Signature=.*/, 'Signature=')],
    ['a short signature', (header) => header.slice(0, -1)],
    ['a signature in capitals', (header) => header.replace(/Signature=.*/, (text) => text.toUpperCase())],
    ['two signatures', (header) => `${header}, Signature=${'0'.repeat(64)}`],
    ['one thing more', (header) => `${header}, Other=1`],
    ['no scope', (header) => header.replace(/Credential=[^,]*/, 'Credential=AKIALOCAL')],
    ['a longer scope', (header) => header.replace('aws4_request', 'aws4_request/more')],
    ['no host among its headers', (header) => header.replace('host;', '')],
    ['a header twice among its headers', (header) => header.replace('host;', 'host;host;')],
  ])('is refused with %s', async (_, change) => {
    expect(await given((header) => header)).toBe('AKIALOCAL')
    const refusal = await given(change)
    expect(refusal).toMatch(/^IncompleteSignatureException: /)
    expect(refusal).not.toMatch(/a\.b\.c|[0-9a-f]{63}/)
  })

  it.each<[string, (request: GatewayRequest) => Partial<GatewayRequest>]>([
    ['two headers', ({ headers }) => ({ headers: [...headers, ['Authorization', 'Bearer a.b.c']] })],
    ['a header and a query', () => ({ query: `X-Amz-Signature=${'0'.repeat(64)}` })],
    ['no date', ({ headers }) => ({ headers: headers.filter(([name]) => name !== 'x-amz-date') })],
    ['two dates', ({ headers }) => ({ headers: [...headers, ['X-Amz-Date', '20261123T035041Z']] })],
    [
      'a date that is none',
      ({ headers }) => ({ headers: replaced(headers, 'x-amz-date', '20269923T035041Z') }),
    ],
  ])('is refused with %s', async (_, change) => {
    const request = await received({ path: '/x' })
    expect(verdict({ ...request, ...change(request) })).toMatch(/^IncompleteSignatureException: /)
  })

  it('is refused when a parameter of its query comes twice', async () => {
    const request = await received({ path: '/x', expiresIn: 60 })
    for (const twice of [
      'X-Amz-Expires=600',
      'X-Amz-Credential=AKIAOTHER',
      `X-Amz-Signature=${'0'.repeat(64)}`,
    ])
      expect(verdict({ ...request, query: `${request.query}&${twice}` })).toMatch(
        /^IncompleteSignatureException/,
      )
  })
})

describe('the IAM of one machine', () => {
  const coordinates = {
    accountId: '111111111111',
    region: 'eu-west-2',
    gatewayId: 'abc123',
    stage: 'staging',
  }
  const narrow = { ...LASTING, name: 'reader', resources: ['arn:aws:execute-api:*:*:abc123/staging/GET/*'] }
  const iam = localIam([narrow, { ...SESSION, name: 'job' }], () => NOW)

  it('tells the backend who signed, and passes no signature on', async () => {
    const caller = iam(await received({ path: '/x', query: { a: '1' }, expiresIn: 60 }, SESSION), coordinates)
    expect(caller).toMatchObject({
      ok: true,
      value: {
        context: { userArn: 'arn:aws:sts::111111111111:assumed-role/local/job', principalId: 'ASIALOCAL' },
        request: { query: 'a=1' },
      },
    })
  })

  it('refuses what a good signature may not invoke', async () => {
    const [read, write] = [await received({ path: '/x' }), await received({ path: '/x', method: 'DELETE' })]
    expect(iam(read, coordinates).ok).toBe(true)
    expect(iam(write, coordinates)).toMatchObject({ ok: false, error: { type: 'AccessDeniedException' } })
  })

  it('knows nobody when it was given nobody', async () => {
    const request = await received({ path: '/x' })
    const { ok } = localIam([], () => NOW)(request, coordinates)
    expect(ok).toBe(false)
  })
})
