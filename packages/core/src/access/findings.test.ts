import { describe, expect, it } from 'vitest'
import type { Json } from '../shared/json.ts'
import type { Claims } from './claims.ts'
import { decide } from './decision.ts'
import type { Found } from './findings.ts'
import { parseMethodArn } from './method-arn.ts'
import { principalIdOf, principalRowKey } from './standing.ts'

const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'
const NOW = new Date(1_000_000)
const SINCE = '2026-01-01T00:00:00.000Z'

const row = (registers: Readonly<Record<string, unknown>>) => ({
  registers: Object.fromEntries(
    Object.entries(registers).map(([name, value]) => [name, { rank: 1, value: value as Json }]),
  ),
})

const ROUTES = [{ method: 'GET', path: '/x/{id}' }]
const binding = {
  ...{ apiId: 'api_1', api: 'housing', environment: 'staging', authorizerCacheTtlSeconds: 0 },
  routes: ROUTES.map((route) => ({ ...route, authorization: 'token+group' })),
}
const grants = [
  { apiId: 'api_1', environment: 'staging', routes: ROUTES },
  { apiId: 'api_2', environment: 'live', routes: ROUTES },
]
const dates = { issuedAt: 900, expiresAt: 2_000 }

/** Everything a decision says on its way. */
const told = (
  claims: Claims,
  principal: Readonly<Record<string, unknown>>,
  more: { readonly path?: string; readonly fence?: object; readonly rules?: unknown } = {},
) => {
  const request = parseMethodArn(`${STAGE}/GET${more.path ?? '/x/7'}`)
  if (!request) throw new Error('no method ARN')
  const found: Record<string, Found> = {}
  const rows = {
    principal: row(principal),
    deployment: row({ binding, rules: more.rules }),
    fence: row({ ...more.fence }),
  }
  decide(claims, request, rows, NOW, (step, what) => {
    found[step] = what
  })
  return found
}

const route = { method: 'GET', route: 'GET /x/{id}' }
const path = { path: '/x/7', segments: ['x', '7'] }
const deployment = { apiId: 'api_1', api: 'housing', environment: 'staging' }
const lifetime = { seconds: 1_100, longestSeconds: 365 * 86_400 }

describe('what a decision looked at, for whoever asks', () => {
  const token: Claims = {
    ...{ kind: 'token', kid: 'key_1', tokenId: 'tok_1', consumerId: 'con_1', audience: ['api_1'] },
    ...dates,
  }
  const grant = { consumerId: 'con_1', consumer: 'mre', kid: 'key_1', ...dates, grants }
  const dated = { kid: 'key_1', ...dates, who: 'con_1' }

  it('are of a token its row, its dates, its grants and the route', () => {
    expect(told(token, { grant, superseded: { until: 1_500 } })).toEqual({
      deployment,
      fence: { issuedAt: 900, standing: [] },
      refusal: { why: undefined, since: undefined },
      row: { row: 'token#tok_1', present: true, consumer: 'mre' },
      expiry: { expiresAt: 2_000, superseded: { until: 1_500 } },
      binding: { said: dated, recorded: dated },
      lifetime,
      grants: {
        audience: ['api_1'],
        grants: [
          { apiId: 'api_1', environment: 'staging' },
          { apiId: 'api_2', environment: 'live' },
        ],
        here: ['GET /x/{id}'],
      },
      path,
      route,
      opened: { authorization: 'token+group', holder: 'token', methods: ['GET'] },
    })
  })

  it('are of a refused token why and since when', () => {
    expect(told(token, { grant, refusal: { why: 'revoked', since: SINCE } })).toMatchObject({
      refusal: { why: 'revoked', since: SINCE },
    })
  })

  it('are of a request that goes nowhere what was asked for', () => {
    expect(told(token, { grant }, { path: '/y' })).toMatchObject({
      ...{ path: { path: '/y', segments: ['y'] }, route: { method: 'GET', route: undefined } },
    })
  })

  it('are of the fence every entry that concerns the credential here, and no other', () => {
    const marks = { since: SINCE, before: 1 }
    const entries = [
      ...['lockdown', 'lockdown#*/staging', 'lockdown#api_1/*', 'lockdown#api_1/staging', 'kid#key_1'],
      ...['consumer#con_1', 'api#api_1', 'issued-before', 'issued-before#con_1', 'issued-before#api_1'],
      'issued-before#key_1',
    ]
    const others = ['lockdown#*/live', 'kid#key_2', 'subject#con_1', 'consumer#con_2', 'api#api_2']
    const fence = Object.fromEntries([...entries, ...others].map((entry) => [entry, marks]))
    expect(told(token, { grant }, { fence })).toEqual({
      deployment,
      fence: { issuedAt: 900, standing: entries.map((entry) => ({ entry, ...marks })) },
    })
  })

  it('are of a session its groups and the rules', () => {
    const claims: Claims = {
      ...{ kind: 'session', kid: 'key_1', sessionId: 'ses_1', subject: 'google#42', audience: ['i'] },
      ...dates,
    }
    const session = {
      ...{ subject: 'google#42', email: 'jo@example.org', groups: ['g1', 'g2'], kid: 'key_1' },
      ...dates,
    }
    const rules = { rules: [{ group: 'g2', routes: ROUTES }] }
    const who = { kid: 'key_1', ...dates, who: 'google#42' }
    const fence = { 'subject#google#42': null, 'consumer#google#42': { since: SINCE } }
    expect(told(claims, { session }, { rules, fence })).toEqual({
      deployment,
      fence: { issuedAt: 900, standing: [] },
      refusal: { why: undefined, since: undefined },
      row: { row: 'session#ses_1', present: true },
      expiry: { expiresAt: 2_000 },
      binding: { said: who, recorded: who },
      lifetime: { seconds: 1_100, longestSeconds: 3_600 },
      grants: { groups: ['g1', 'g2'], rules: ['g2'], here: ['GET /x/{id}'] },
      path,
      route,
      opened: { authorization: 'token+group', holder: 'group', methods: ['GET'] },
    })
    expect(told(claims, { session }, { rules, fence: { 'subject#google#42': { since: SINCE } } })).toEqual({
      deployment,
      fence: { issuedAt: 900, standing: [{ entry: 'subject#google#42', since: SINCE }] },
    })
    expect([principalRowKey(claims), principalIdOf(claims)]).toEqual(['session#ses_1', 'ses_1'])
  })

  it('are of a token that a consumer signed the keys that are accepted', () => {
    const claims: Claims = {
      ...{ kind: 'consumer-signed', kid: 'con_1.key_1', tokenId: 'mine-7', consumerId: 'con_1' },
      ...{ audience: undefined, roles: [], ...dates },
    }
    const keys = { accepted: [{ kid: 'con_1.key_1' }] }
    const its = { consumer: 'mre', grants, longestTokenSeconds: 7_200 }
    expect(told(claims, { grant: its, keys })).toEqual({
      deployment,
      fence: { issuedAt: 900, standing: [] },
      row: { row: 'consumer#con_1', present: true },
      'key-accepted': { kid: 'con_1.key_1', ...keys },
      refusal: { tokenId: 'mine-7', refused: false },
      lifetime: { seconds: 1_100, longestSeconds: 7_200 },
      grants: {
        audience: undefined,
        grants: grants.map(({ apiId, environment }) => ({ apiId, environment })),
        here: ['GET /x/{id}'],
      },
      path,
      route,
      opened: { authorization: 'token+group', holder: 'token', methods: ['GET'] },
    })
    expect([principalRowKey(claims), principalIdOf(claims)]).toEqual(['consumer#con_1', 'con_1'])
  })

  it('is found by the row of the credential itself', () => {
    expect([principalRowKey(token), principalIdOf(token)]).toEqual(['token#tok_1', 'tok_1'])
  })
})
