import { describe, expect, it } from 'vitest'
import type { ProtectedRoute, Route } from '../shared/route.ts'
import { readClaims } from './claims.ts'
import { presentedToken } from './credential.ts'
import { decide } from './decision.ts'
import { CHALLENGES } from './denial.ts'
import { type AccessRequest, parseMethodArn } from './method-arn.ts'
import { decideAloud } from './noted.fixture.ts'
import { narrowestPolicy, permits, refusing, wholePolicy } from './policy.ts'
import type { AccessRows } from './row.ts'

/* The base case of the systems before this one: tenancies (abc123 in 111111111111), staging, one route granted. */
const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'
const BASE = `${STAGE}/GET/api/v1/tenancies/7`
const NOW = new Date(1_000_000)
const DAY = 86_400

const route = (text: string, authorization: ProtectedRoute['authorization'] = 'token'): ProtectedRoute => {
  const [method, path = ''] = text.split(' ')
  return { method: method as Route['method'], path, authorization }
}

const ROUTES = [
  route('GET /api/v1/tenancies/{id}'),
  route('POST /api/v1/tenancies/{id}'),
  route('GET /api/v1/tenancies'),
  route('GET /api/v1/tenancies/secret', 'iam'),
  route('GET /api/v1/tenancies-admin/delete'),
]

const claims = {
  kind: 'token',
  kid: 'key_1',
  tokenId: 'tok_1',
  consumerId: 'con_1',
  audience: ['api_1'],
  issuedAt: 900,
  expiresAt: 2_000,
} as const

const grant = {
  consumerId: 'con_1',
  consumer: 'housing',
  kid: 'key_1',
  issuedAt: 900,
  expiresAt: 2_000,
  grants: [
    { apiId: 'api_1', environment: 'staging', routes: [{ method: 'GET', path: '/api/v1/tenancies/{id}' }] },
  ],
} as const

const binding = {
  apiId: 'api_1',
  api: 'tenancies',
  environment: 'staging',
  routes: ROUTES,
  authorizerCacheTtlSeconds: 0,
} as const

const row = (registers: Readonly<Record<string, unknown>>) => ({
  registers: Object.fromEntries(
    Object.entries(registers).map(([name, value]) => [
      name,
      { rank: 1, value: structuredClone(value) as never },
    ]),
  ),
})

const rows = (more: { token?: object; binding?: unknown; fence?: object } = {}): AccessRows => ({
  principal: row({ grant, ...more.token }),
  deployment: row({ binding: more.binding === undefined ? binding : more.binding }),
  fence: more.fence ? row({ ...more.fence }) : undefined,
})

const request = (arn = BASE): AccessRequest => {
  const parsed = parseMethodArn(arn)
  if (!parsed) throw new Error(`${arn} is no method ARN`)
  return parsed
}

const verdict = ({
  of = claims,
  arn = BASE,
  given = rows(),
  now = NOW,
}: {
  of?: Parameters<typeof decide>[0]
  arn?: string
  given?: AccessRows
  now?: Date
}) => {
  const decided = decideAloud(of, request(arn), given, now)
  return decided.ok ? 'allow' : decided.error.reason
}

const SINCE = { since: '2026-01-01T00:00:00Z' }

describe('a decision', () => {
  it('P1: allows the base case, and names the route', () => {
    const decided = decide(claims, request(), rows(), NOW)
    expect(decided).toMatchObject({
      ok: true,
      value: { route: ROUTES[0], principal: { grant: { consumer: 'housing' } } },
    })
  })

  it('P2 P4: refuses what is revoked, disabled or over, to the second', () => {
    expect(verdict({ given: rows({ token: { refusal: { why: 'revoked', ...SINCE } } }) })).toBe(
      'token_revoked',
    )
    expect(verdict({ given: rows({ token: { refusal: { why: 'disabled', ...SINCE } } }) })).toBe(
      'token_disabled',
    )
    expect(verdict({ given: rows({ token: { refusal: null } }) })).toBe('allow')
    expect(verdict({ now: new Date(1_999_999) })).toBe('allow')
    expect(verdict({ now: new Date(2_000_000) })).toBe('token_expired')
  })

  it('refuses a token whose successor has taken its place, to the second, and not one whose grace goes on', () => {
    for (const [until, expected] of [
      [0, 'token_superseded'],
      [1_000, 'token_superseded'],
      [1_001, 'allow'],
    ] as const)
      expect(verdict({ given: rows({ token: { superseded: { until } } }) })).toBe(expected)
  })

  it('spares from a lockdown the APIs that it names, and no other', () => {
    const spared = (spares: readonly string[]) =>
      verdict({ given: rows({ fence: { lockdown: { ...SINCE, spares } } }) })
    expect([spared(['api_2', 'api_1']), spared(['api_2']), spared([])]).toEqual([
      ...['allow', 'locked_down', 'locked_down'],
    ])
  })

  it('P5: refuses another environment of the same API', () => {
    expect(verdict({ given: rows({ binding: { ...binding, environment: 'production' } }) })).toBe(
      'api_not_granted',
    )
  })

  it('P6 P16: refuses another API, and a deployment that nobody registered', () => {
    expect(verdict({ given: rows({ binding: { ...binding, apiId: 'api_2' } }) })).toBe('audience_mismatch')
    expect(
      verdict({
        of: { ...claims, audience: ['api_1', 'api_2'] },
        given: rows({ binding: { ...binding, apiId: 'api_2' } }),
      }),
    ).toBe('api_not_granted')
    expect(verdict({ given: rows({ binding: null }) })).toBe('deployment_unknown')
    expect(verdict({ given: { ...rows(), deployment: undefined } })).toBe('deployment_unknown')
  })

  it.for([
    ['P7: another path', 'GET/api/v1/persons/7', 'route_unknown'],
    ['P8: another method', 'POST/api/v1/tenancies/7', 'route_not_granted'],
    ['a longer path', 'GET/api/v1/tenancies/7/notes', 'route_unknown'],
    ['a shorter path', 'GET/api/v1/tenancies', 'route_not_granted'],
    ['a path that begins alike', 'GET/api/v1/tenancies-admin/delete', 'route_not_granted'],
    ['a literal beside the parameter', 'GET/api/v1/tenancies/secret', 'route_not_granted'],
    ['the literal, encoded', 'GET/api/v1/tenancies/%73ecret', 'route_not_granted'],
    ['an empty segment', 'GET/api/v1/tenancies/', 'route_unknown'],
    ['other letters', 'GET/API/v1/tenancies/7', 'route_unknown'],
    ['a method in small letters', 'HEAD/api/v1/tenancies/7', 'route_unknown'],
    ['a double slash', 'GET/api//v1/tenancies/7', 'path_refused'],
    ['dot segments', 'GET/api/v1/tenancies/..', 'path_refused'],
    ['encoded dot segments', 'GET/api/v1/tenancies/%2e%2E', 'path_refused'],
    ['an encoded slash', 'GET/api/v1/tenancies/7%2Fnotes', 'path_refused'],
    ['an encoded NUL', 'GET/api/v1/tenancies/7%00', 'path_refused'],
    ['a wildcard', 'GET/api/v1/tenancies/*', 'path_refused'],
    ['a policy variable', ['GET/api/v1/tenancies/$', '{aws:username}'].join(''), 'path_refused'],
    ['half an escape', 'GET/api/v1/tenancies/%7', 'path_refused'],
    ['no UTF-8', 'GET/api/v1/tenancies/%ff', 'path_refused'],
  ] as const)('refuses %s', ([, path, reason]) => {
    expect(verdict({ arn: `${STAGE}/${path}` })).toBe(reason)
  })

  it('decodes once, and no more', () => {
    expect(verdict({ arn: `${STAGE}/GET/api/v1/tenancies/a%20b` })).toBe('allow')
    expect(verdict({ arn: `${STAGE}/GET/api/v1/tenancies/%252e%252e` })).toBe('allow')
  })

  it('P10: refuses a token nobody issued', () => {
    expect(verdict({ given: { ...rows(), principal: undefined } })).toBe('token_unknown')
  })

  it('refuses a known id in a token that says something else', () => {
    for (const other of [
      { kid: 'key_2' },
      { consumerId: 'con_2' as const },
      { issuedAt: 901 },
      { expiresAt: 1_999 },
    ])
      expect(verdict({ of: { ...claims, ...other } })).toBe('token_mismatch')
  })

  it('refuses what lives longer than any token of the environment', () => {
    const expiresAt = 900 + 366 * DAY
    expect(
      verdict({ of: { ...claims, expiresAt }, given: rows({ token: { grant: { ...grant, expiresAt } } }) }),
    ).toBe('lifetime_too_long')
  })

  it.for([
    [{ lockdown: SINCE }, 'locked_down'],
    [{ 'kid#key_1': SINCE }, 'key_revoked'],
    [{ 'consumer#con_1': SINCE }, 'consumer_suspended'],
    [{ 'api#api_1': SINCE }, 'api_closed'],
    [{ 'issued-before': { ...SINCE, before: 901 } }, 'issued_before'],
    [{ 'issued-before#con_1': { ...SINCE, before: 901 } }, 'issued_before'],
    [{ 'issued-before#api_1': { ...SINCE, before: 901 } }, 'issued_before'],
    [{ 'issued-before': { ...SINCE, before: 900 } }, 'allow'],
    [{ 'kid#key_2': SINCE, 'consumer#con_2': SINCE, 'api#api_2': SINCE, 'consumer#con_1': null }, 'allow'],
  ] as const)('heeds the fence: %j', ([fence, expected]) => {
    expect(verdict({ given: rows({ fence }) })).toBe(expected)
  })

  it('refuses in the order of the contract', () => {
    const all = { lockdown: SINCE, 'kid#key_1': SINCE }
    const token = { refusal: { why: 'revoked', ...SINCE } }
    const late = new Date(9_000_000)
    expect(verdict({ given: rows({ fence: all, token, binding: null }), now: late })).toBe(
      'deployment_unknown',
    )
    expect(verdict({ given: rows({ fence: all, token }), now: late })).toBe('locked_down')
    expect(verdict({ given: rows({ token }), now: late })).toBe('token_revoked')
    expect(verdict({ now: late, arn: `${STAGE}/GET/none` })).toBe('token_expired')
  })

  it('opens only what a token may open, whatever its grants once named', () => {
    for (const authorization of ['iam', 'group', 'api-key', 'open'] as const) {
      const changed = { ...binding, routes: [route('GET /api/v1/tenancies/{id}', authorization)] }
      expect(verdict({ given: rows({ binding: changed }) })).toBe('route_not_granted')
    }
    const either = { ...binding, routes: [route('GET /api/v1/tenancies/{id}', 'token+group')] }
    expect(verdict({ given: rows({ binding: either }) })).toBe('allow')
  })

  it('answers every refusal of a good credential with what it does open, so that the answer may be cached', () => {
    const decided = decide(claims, request(`${STAGE}/GET/none`), rows(), NOW)
    expect(decided.ok || decided.error.opening?.opened.map(({ registered }) => registered)).toEqual([
      ROUTES[0],
    ])
    expect(CHALLENGES.route_not_granted).toBe('insufficient_scope')
    expect(CHALLENGES.token_revoked).toBe('invalid_token')
  })
})

describe('the claims', () => {
  const good = { iss: 'https://i.example', sub: 'con_1', aud: ['api_1'], jti: 'tok_1', iat: 900, exp: 2_000 }
  const read = (more: object) => {
    const result = readClaims('key_1', { ...good, ...more }, 'https://i.example', NOW)
    return result.ok ? 'good' : result.error
  }

  it.for<[object, string]>([
    [{}, 'good'],
    [{ aud: 'api_1' }, 'good'],
    [{ iat: 1_005 }, 'good'],
    [{ iat: 1_005.5 }, 'token_not_yet_valid'],
    [{ nbf: 1_005 }, 'good'],
    [{ nbf: 1_006 }, 'token_not_yet_valid'],
    [{ exp: 1_000 }, 'token_expired'],
    [{ exp: 1_000.5 }, 'good'],
    [{ exp: 999 }, 'token_expired'],
    [{ iss: 'https://other.example' }, 'issuer_mismatch'],
    [{ iss: ['https://i.example'] }, 'claims_invalid'],
    [{ exp: Number.POSITIVE_INFINITY }, 'claims_invalid'],
    [{ exp: '2000' }, 'claims_invalid'],
    [{ exp: null }, 'claims_invalid'],
    [{ exp: -1 }, 'claims_invalid'],
    [{ iat: Number.NaN }, 'claims_invalid'],
    [{ nbf: null }, 'claims_invalid'],
    [{ nbf: '1' }, 'claims_invalid'],
    [{ aud: [] }, 'claims_invalid'],
    [{ aud: ['api_1', 7] }, 'claims_invalid'],
    [{ aud: { api_1: true } }, 'claims_invalid'],
    [{ sub: 'tok_1' }, 'claims_invalid'],
    [{ sub: 7 }, 'claims_invalid'],
    [{ jti: 'con_1' }, 'claims_invalid'],
    [{ jti: 'tok_' }, 'claims_invalid'],
    [{ jti: 'tok_1#x' }, 'claims_invalid'],
    [{ jti: 'tok_1\n' }, 'claims_invalid'],
    [{ jti: { toString: 'tok_1' } }, 'claims_invalid'],
    ...['iss', 'sub', 'aud', 'jti', 'iat', 'exp'].map((name): [object, string] => [
      { [name]: undefined },
      'claims_invalid',
    ]),
  ])('%j: %s', ([more, expected]) => {
    expect(read(more)).toBe(expected)
  })

  it('are those that were signed, and nothing else of the token', () => {
    expect(readClaims('key_1', { ...good, iat: 0, scope: 'all' }, 'https://i.example', NOW)).toEqual({
      ok: true,
      value: { ...claims, issuedAt: 0 },
    })
  })
})

describe('the presented token', () => {
  type Headers = Readonly<Record<string, string | undefined>> | null
  const take = (single: Headers, multi: Readonly<Record<string, readonly string[]>> | null = null) => {
    const result = presentedToken({ single, multi })
    return result.ok ? `token ${result.value.reveal()}` : result.error
  }

  it.for<[Headers, string]>([
    [{ Authorization: 'Bearer a.b.c' }, 'token a.b.c'],
    [{ authorization: 'bearer a.b.c' }, 'token a.b.c'],
    [{ AUTHORIZATION: 'BEARER   a.b.c ' }, 'token a.b.c'],
    [{}, 'credential_missing'],
    [null, 'credential_missing'],
    [{ Authorization: '' }, 'credential_missing'],
    [{ Authorization: ' ' }, 'credential_missing'],
    [{ Cookie: 'authorization=a' }, 'credential_missing'],
    [{ Authorization: 'a.b.c' }, 'scheme_unsupported'],
    [{ Authorization: 'Bearer' }, 'scheme_unsupported'],
    [{ Authorization: 'Bearera.b.c' }, 'scheme_unsupported'],
    [{ Authorization: 'Basic a' }, 'scheme_unsupported'],
    [{ Authorization: 'Bearer a b' }, 'scheme_unsupported'],
    [{ Authorization: 'Bearer a, Bearer b' }, 'scheme_unsupported'],
    [{ Authorization: 'Bearer\ta' }, 'scheme_unsupported'],
    [{ Authorization: 'Bearer a', authorization: 'Bearer a' }, 'credential_repeated'],
    [{ Authorization: `Bearer ${'a'.repeat(8_185)}` }, `token ${'a'.repeat(8_185)}`],
    [{ Authorization: `Bearer ${'a'.repeat(8_186)}` }, 'credential_too_long'],
    [{ Authorization: `Bearer ${'é'.repeat(4_093)}` }, 'credential_too_long'],
  ])('%j', ([single, expected]) => {
    expect(take(single)).toBe(expected)
  })

  it('is none in a header of another name, nor in a value that is no text', () => {
    for (const name of ['x-authorization', 'authorizatiom', 'authorization ', 'proxy-authorization', 'a'])
      expect(take({ [name]: 'Bearer a' })).toBe('credential_missing')
    expect(take({ Authorization: undefined })).toBe('credential_missing')
    expect(take({ Authorization: null } as never)).toBe('credential_missing')
    for (const value of [7, true, { toString: 'Bearer a' }, ['Bearer a']])
      expect(take({ Authorization: value } as never)).toBe('scheme_unsupported')
  })

  it.each<[string, Parameters<typeof take>, string]>([
    ['in the one list that there is', [null, { Authorization: ['Bearer a'] }], 'token a'],
    ['in the one list that holds anything', [{}, { Authorization: ['Bearer a'] }], 'token a'],
    ['alone, beside an empty list', [{ Authorization: 'Bearer a' }, {}], 'token a'],
    ['not where it is listed alone', [{ Host: 'x' }, { Authorization: ['Bearer a'] }], 'credential_missing'],
    ['not where it is not listed', [{ Authorization: 'Bearer a' }, { Host: ['x'] }], 'credential_missing'],
    [
      'not where the two differ',
      [{ Authorization: 'Bearer b' }, { Authorization: ['Bearer a'] }],
      'credential_repeated',
    ],
    [
      'not where it has two names beside one list',
      [{ Authorization: 'Bearer a', authorization: 'Bearer b' }, { Authorization: ['Bearer a'] }],
      'credential_repeated',
    ],
  ])('is found %s', (_, headers, expected) => {
    expect(take(...headers)).toBe(expected)
  })

  it('is one, also where a header is listed with all its values', () => {
    expect(take({ Authorization: 'Bearer b' }, { Authorization: ['Bearer b'] })).toBe('token b')
    expect(take({ Authorization: 'Bearer b' }, { Authorization: ['Bearer a', 'Bearer b'] })).toBe(
      'credential_repeated',
    )
    expect(take({}, { Authorization: ['Bearer a'], authorization: ['Bearer a'] })).toBe('credential_repeated')
  })
})

describe('the method ARN', () => {
  it('tells everything that was asked', () => {
    expect(parseMethodArn(BASE)).toEqual({
      coordinates: { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'staging' },
      method: 'GET',
      path: '/api/v1/tenancies/7',
      stageArn: STAGE,
      methodArn: BASE,
    })
    expect(parseMethodArn(`${STAGE}/GET/`)?.path).toBe('/')
    expect(parseMethodArn(`${STAGE}/GET`)?.path).toBe('/')
    expect(
      parseMethodArn('arn:aws-cn:execute-api:cn-north-1:111111111111:a1/$default/POST/x')?.coordinates.stage,
    ).toBe('$default')
  })

  it.for([
    '',
    'undefined',
    'arn:aws:s3:::bucket',
    `${STAGE}`,
    `${STAGE}/`,
    `${STAGE}/get/x`,
    BASE.replace('111111111111', '1'),
    ` ${BASE}`,
    BASE.replace('/staging', ''),
  ])('is refused when it is none: %j', (arn) => {
    expect(parseMethodArn(arn)).toBeUndefined()
  })

  it('keeps a path with strange characters for the path rules to refuse', () => {
    expect(parseMethodArn(`${STAGE}/GET/a\nb`)?.path).toBe('/a\nb')
  })
})

describe('the limits of a policy', () => {
  const opened = (routes: readonly ProtectedRoute[]) =>
    routes.map((one) => ({ registered: one, methods: new Set([one.method]) }))
  const bytes = (document: object) => Buffer.byteLength(JSON.stringify(document))

  it('are 8 KB for the document, and 512 characters for a resource', () => {
    const wholeOf = (routes: readonly ProtectedRoute[]) => wholePolicy(STAGE, routes, opened(routes))
    const many = Array.from({ length: 200 }, (_, index) => route(`GET /resource-number-${index}`))
    const largest = many.findLastIndex((_, index) => wholeOf(many.slice(0, index)))
    const document = wholeOf(many.slice(0, largest))
    expect(largest).toBeGreaterThan(50)
    expect(document && bytes(document)).toBeGreaterThan(8_000)
    expect(document && bytes(document)).toBeLessThanOrEqual(8_192)
    const long = (length: number) => [route(`GET /${'a'.repeat(length - STAGE.length - 5)}`)]
    expect(wholeOf(long(512))).toBeDefined()
    expect(wholeOf(long(513))).toBeUndefined()
    expect(narrowestPolicy(`${STAGE}/GET/${'a'.repeat(600)}`)).toBeUndefined()
  })

  it('leave one Deny when there is no room for what is granted', () => {
    const many = Array.from({ length: 90 }, (_, index) => route(`GET /resource-${index}`))
    const whole = wholePolicy(STAGE, many, opened(many))
    const asked = `${STAGE}/GET/${'b'.repeat(1_500)}`
    const refused = refusing(
      whole && { ...whole, Statement: [...whole.Statement, ...whole.Statement] },
      asked,
    )
    expect(bytes(refused)).toBeLessThanOrEqual(8_192)
    expect(permits(refused, asked)).toBe(false)
    expect(refused.Statement.flatMap(({ Resource }) => Resource).every((arn) => arn.length <= 512)).toBe(true)
  })

  it('do not let what a client wrote become a pattern', () => {
    const whole = wholePolicy(STAGE, ROUTES, opened(ROUTES.slice(0, 1)))
    for (const path of ['*', '/*', '?', ['$', '{*}'].join(''), 'api/v1/tenancies/*']) {
      const asked = `${STAGE}/GET/${path}`
      const refused = refusing(whole, asked)
      expect(permits(refused, asked)).toBe(false)
      expect(permits(refused, BASE.replace('/7', '/17'))).toBe(true)
      expect(narrowestPolicy(asked)).toBeUndefined()
    }
  })

  it('open a root without opening what ends like it', () => {
    const routes = [route('ANY /'), route('GET /a', 'iam'), route('ANY /x'), route('GET /admin/x', 'iam')]
    const whole = wholePolicy(
      STAGE,
      routes,
      opened([routes[0], routes[2]].filter((one) => one !== undefined)),
    )
    const allowed = (path: string) => whole && permits(whole, `${STAGE}/GET${path}`)
    expect(['/', '/x', '/a', '/a/', '/admin/x', '/admin/x/', '/%61'].filter(allowed)).toEqual(['/', '/x'])
  })

  it('look at hostile templates in time that grows with their size, not faster', () => {
    const template = (size: number) => `/${'{a}a'.repeat(size)}{b}`
    for (const size of [5, 200]) {
      const routes = [route(`GET ${template(size)}`), route(`GET ${template(size)}c`, 'iam')]
      expect(wholePolicy(STAGE, routes, opened(routes.slice(0, 1)))).toBeUndefined()
    }
  })
})
