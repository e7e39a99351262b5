import { describe, expect, it } from 'vitest'
import type { Json } from '../shared/json.ts'
import { type Claims, readClaims, readConsumerSignedClaims } from './claims.ts'
import { parseMethodArn } from './method-arn.ts'
import { decideAloud } from './noted.fixture.ts'
import type { AccessRows } from './row.ts'

const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'
const NOW = new Date(1_000_000)

const row = (registers: Readonly<Record<string, unknown>>) => ({
  registers: Object.fromEntries(
    Object.entries(registers).map(([name, value]) => [
      name,
      { rank: 1, value: structuredClone(value) as Json },
    ]),
  ),
})

const routes = [
  { method: 'GET', path: '/tenancies/{id}', authorization: 'token' },
  { method: 'GET', path: '/letters/{id}', authorization: 'group' },
  { method: 'GET', path: '/repairs/{id}', authorization: 'token+group' },
  { method: 'GET', path: '/reports', authorization: 'iam' },
]
const named = routes.map(({ method, path }) => ({ method, path }))
const binding = {
  apiId: 'api_1',
  api: 'housing',
  environment: 'staging',
  routes,
  authorizerCacheTtlSeconds: 0,
}

const asks = (path: string) => {
  const request = parseMethodArn(`${STAGE}/GET${path}`)
  if (!request) throw new Error(`${path} makes no method ARN`)
  return request
}

interface Case {
  readonly claims: Claims
  readonly principal: Readonly<Record<string, unknown>> | undefined
  readonly deployment?: Readonly<Record<string, unknown>>
  readonly fence?: Readonly<Record<string, unknown>>
}

const verdict = ({ claims, principal, deployment, fence }: Case, path: string) => {
  const rows: AccessRows = {
    principal: principal && row(principal),
    deployment: row({ binding, ...deployment }),
    fence: fence && row(fence),
  }
  const decided = decideAloud(claims, asks(path), rows, NOW)
  return decided.ok ? 'allow' : decided.error.reason
}

const opened = (given: Case) =>
  routes.map(({ path }) => path).filter((path) => verdict(given, path) === 'allow')

describe('a session', () => {
  const claims: Claims = {
    kind: 'session',
    kid: 'key_1',
    sessionId: 'ses_1',
    subject: 'google#42',
    audience: ['countersign'],
    issuedAt: 900,
    expiresAt: 2_000,
  }
  const session = {
    subject: 'google#42',
    email: 'jo@example.org',
    groups: ['g1', 'g2'],
    kid: 'key_1',
    issuedAt: 900,
    expiresAt: 2_000,
  }
  const rules = { rules: [{ group: 'g2', routes: named }] }
  const good: Case = { claims, principal: { session }, deployment: { rules } }

  it('opens what a rule gives one of its groups, of the routes that are for groups', () => {
    expect(opened(good)).toEqual(['/letters/{id}', '/repairs/{id}'])
  })

  it.each([
    ['session_unknown', { principal: undefined }],
    ['session_ended', { principal: { session, refusal: { why: 'ended', since: '' } } }],
    ['session_mismatch', { principal: { session: { ...session, kid: 'key_2' } } }],
    ['session_mismatch', { principal: { session: { ...session, subject: 'google#43' } } }],
    ['session_mismatch', { principal: { session: { ...session, issuedAt: 901 } } }],
    ['token_expired', { principal: { session: { ...session, expiresAt: 1_000 } } }],
    ['group_not_granted', { principal: { session: { ...session, groups: ['g3'] } } }],
    ['group_not_granted', { principal: { session: { ...session, groups: [] } } }],
    ['group_not_granted', { deployment: {} }],
    ['subject_fenced', { fence: { 'subject#google#42': { since: '' } } }],
    ['issued_before', { fence: { 'issued-before#google#42': { since: '', before: 901 } } }],
    ['key_revoked', { fence: { 'kid#key_1': { since: '' } } }],
    ['api_closed', { fence: { 'api#api_1': { since: '' } } }],
    ['locked_down', { fence: { lockdown: { since: '' } } }],
    ['lifetime_too_long', longer(claims, session)],
  ] as const)('is refused: %s', (reason, change) => {
    expect(verdict({ ...good, ...change }, '/letters/{id}')).toBe(reason)
  })

  it('opens nothing that is a token’s or IAM’s, whatever a rule names', () => {
    expect(verdict(good, '/tenancies/{id}')).toBe('route_not_granted')
    expect(verdict(good, '/reports')).toBe('route_not_granted')
  })

  it('is told by its id and its subject', () => {
    const payload = { iss: 'i', sub: 'google#42', aud: 'i', jti: 'ses_1', iat: 900, exp: 2_000 }
    expect(readClaims('key_1', payload, 'i', NOW)).toMatchObject({ ok: true, value: { kind: 'session' } })
    for (const sub of ['', undefined, 42, ['google#42']])
      expect(readClaims('key_1', { ...payload, sub }, 'i', NOW)).toMatchObject({ error: 'claims_invalid' })
    expect(readClaims('key_1', { ...payload, groups: ['g1'] }, 'i', NOW)).toEqual({
      ok: true,
      value: {
        ...{ kind: 'session', kid: 'key_1', sessionId: 'ses_1', subject: 'google#42', audience: ['i'] },
        ...{ issuedAt: 900, expiresAt: 2_000 },
      },
    })
  })

  it.each<unknown>(['api_1', 'https://elsewhere.example', ['i', 'api_1'], []])(
    'is for the platform that signed it and for nobody else, not for %j',
    (aud) => {
      const payload = { iss: 'i', sub: 'google#42', jti: 'ses_1', iat: 900, exp: 2_000 }
      expect(readClaims('key_1', { ...payload, aud: ['i'] }, 'i', NOW).ok).toBe(true)
      const error = Array.isArray(aud) && aud.length === 0 ? 'claims_invalid' : 'session_mismatch'
      expect(readClaims('key_1', { ...payload, aud }, 'i', NOW)).toEqual({ ok: false, error })
    },
  )
})

function longer(claims: Extract<Claims, { kind: 'session' }>, session: object) {
  const expiresAt = 900 + 3_601
  return { claims: { ...claims, expiresAt }, principal: { session: { ...session, expiresAt } } }
}

describe('a token that a consumer signed', () => {
  const claims: Claims = {
    kind: 'consumer-signed',
    kid: 'con_1.key_1',
    tokenId: 'mine-7',
    consumerId: 'con_1',
    audience: undefined,
    roles: ['editor'],
    issuedAt: 900,
    expiresAt: 1_800,
  }
  const grant = {
    consumer: 'mre',
    longestTokenSeconds: 900,
    grants: [{ apiId: 'api_1', environment: 'staging', routes: named }],
  }
  const keys = { accepted: [{ kid: 'con_1.key_1' }] }
  const good: Case = { claims, principal: { grant, keys } }

  it('opens what its consumer was given, of the routes that are for tokens', () => {
    expect(opened(good)).toEqual(['/tenancies/{id}', '/repairs/{id}'])
    expect(opened({ ...good, claims: { ...claims, audience: ['api_1'] } })).toHaveLength(2)
    const overlapping = { accepted: [{ kid: 'con_1.key_1', until: 1_001 }] }
    expect(opened({ ...good, principal: { grant, keys: overlapping } })).toHaveLength(2)
  })

  it.each([
    ['consumer_unknown', { principal: undefined }],
    ['consumer_unknown', { principal: { grant: null, keys } }],
    ['kid_not_accepted', { principal: { grant } }],
    ['kid_not_accepted', { principal: { grant, keys: { accepted: [{ kid: 'con_1.key_2' }] } } }],
    [
      'kid_not_accepted',
      { principal: { grant, keys: { accepted: [{ kid: 'con_1.key_1', until: 1_000 }] } } },
    ],
    ['token_revoked', { principal: { grant, keys, refused: { tokens: ['mine-6', 'mine-7'] } } }],
    ['lifetime_too_long', { claims: { ...claims, expiresAt: 1_801 } }],
    ['audience_mismatch', { claims: { ...claims, audience: ['api_2'] } }],
    ['api_not_granted', { principal: { grant: { ...grant, grants: [] }, keys } }],
    ['consumer_suspended', { fence: { 'consumer#con_1': { since: '' } } }],
    ['issued_before', { fence: { 'issued-before#con_1': { since: '', before: 901 } } }],
    ['key_revoked', { fence: { 'kid#con_1.key_1': { since: '' } } }],
  ] as const)('is refused: %s', (reason, change) => {
    expect(verdict({ ...good, ...change }, '/tenancies/{id}')).toBe(reason)
  })
})

describe('the claims of a token that a consumer signed', () => {
  const payload = { iss: 'con_1', jti: 'mine-7', iat: 900, exp: 1_800, roles: ['editor'] }
  const reason = (change: object) => {
    const read = readConsumerSignedClaims('con_1.key_1', 'con_1', { ...payload, ...change }, NOW)
    return read.ok ? 'ok' : read.error
  }

  it('are read when they are whole', () => {
    expect(readConsumerSignedClaims('con_1.key_1', 'con_1', { ...payload, x: 1 }, NOW)).toEqual({
      ok: true,
      value: {
        ...{ kind: 'consumer-signed', kid: 'con_1.key_1', tokenId: 'mine-7', consumerId: 'con_1' },
        ...{ audience: undefined, roles: ['editor'], issuedAt: 900, expiresAt: 1_800 },
      },
    })
    const most = Array.from({ length: 64 }, (_, index) => `${index}`.padStart(64, 'r'))
    expect(reason({ roles: most })).toBe('ok')
    expect(reason({ roles: [] })).toBe('ok')
    expect(reason({ jti: 'x'.repeat(128), aud: ['api_1', 'api_2'] })).toBe('ok')
    expect(reason({})).toBe('ok')
    expect(reason({ roles: undefined, sub: 'con_1', aud: 'api_1', nbf: 900 })).toBe('ok')
  })

  it.each([
    ['issuer_mismatch', { iss: 'con_2' }],
    ['issuer_mismatch', { sub: 'con_2' }],
    ['claims_invalid', { iss: undefined }],
    ['claims_invalid', { jti: undefined }],
    ['claims_invalid', { jti: 'a#b' }],
    ['claims_invalid', { jti: 'x'.repeat(129) }],
    ['claims_invalid', { iat: undefined }],
    ['claims_invalid', { exp: undefined }],
    ['claims_invalid', { exp: '1800' }],
    ['claims_invalid', { aud: [] }],
    ['claims_invalid', { roles: 'editor' }],
    ['claims_invalid', { roles: ['a,b'] }],
    ['claims_invalid', { roles: ['a b'] }],
    ['claims_invalid', { roles: [7] }],
    ['claims_invalid', { roles: ['editor', 7] }],
    ['claims_invalid', { roles: [['editor']] }],
    ['claims_invalid', { roles: ['r'.repeat(65)] }],
    ['claims_invalid', { roles: [''] }],
    ['claims_invalid', { aud: ['api_1', 7] }],
    ['claims_invalid', { aud: null }],
    ['claims_invalid', { roles: Array.from({ length: 65 }, (_, index) => `r${index}`) }],
    ['token_expired', { exp: 1_000 }],
    ['token_not_yet_valid', { iat: 1_006 }],
    ['token_not_yet_valid', { nbf: 1_006 }],
  ])('are refused: %s', (expected, change) => {
    expect(reason(change)).toBe(expected)
  })
})
