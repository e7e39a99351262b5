import { describe, expect, it } from 'vitest'
import type { FactOf } from '../events/catalog.ts'
import { recordFacts } from '../events/envelope.ts'
import type { RegisterWrite } from '../shared/register.ts'
import { PROJECTED, project } from './projection.ts'
import { SHARDS } from './row.ts'

const TIME = '2026-01-01T00:00:00.000Z'
const [NOW, HOUR, DAY] = [1_767_225_600, 3_600, 86_400]
const LATER = '2026-01-01T01:00:00.000Z'
const VERSION = 7

/** What a fact, as the seventh of its entity, does to the read model. */
const writesOf = (fact: FactOf): readonly RegisterWrite[] => {
  const cause = { actor: 'somebody', correlationId: 'c', now: new Date(TIME) }
  const end = { version: VERSION - 1, head: 'h' }
  return recordFacts('subject', end, [fact], cause, () => 'evt_1' as never).flatMap(project)
}

const token = (register: string, value: unknown, by: RegisterWrite['by']) => ({
  ...{ row: 'token#tok_1', register, rank: VERSION, value, by, sweepAfter: NOW + HOUR + DAY },
})
const session = (register: string, value: unknown) => ({
  ...{ row: 'session#ses_1', register, rank: VERSION, value, by: 'command' },
  sweepAfter: NOW + HOUR + DAY,
})
const consumer = (register: string, value: unknown) => ({
  ...{ row: 'consumer#con_1', register, rank: VERSION, value, by: 'command' },
})
const copies = (row: string, write: object) =>
  Array.from({ length: SHARDS }, (_, shard) => ({ row: `${row}#${shard}`, ...write }))
const fenced = (register: string, value: unknown, more: object = {}) =>
  copies('fence', { register, rank: VERSION, value, by: 'command', ...more })
const placed = (gatewayId: string, generation: number, register: string, value: unknown, by: string) => {
  const rank = generation * 1_000_000 + VERSION
  return copies(`deployment#111111111111/eu-west-2/${gatewayId}/live`, { register, rank, value, by })
}

const ROUTES = [{ method: 'GET' as const, path: '/x/{id}' }]
const registered = ROUTES.map((route) => ({ ...route, authorization: 'token' as const }))
const granted = { apiId: 'api_1' as const, environment: 'staging', routes: ROUTES }
const grant = { ...granted, api: 'tenancies' }
const at = (gatewayId: string, generation: number) => ({
  ...{ environment: 'staging', generation, authorizerCacheTtlSeconds: 60 },
  coordinates: { accountId: '111111111111', region: 'eu-west-2', gatewayId, stage: 'live' },
})
const binding = {
  ...{ apiId: 'api_1', api: 'tenancies', environment: 'staging', routes: registered },
  authorizerCacheTtlSeconds: 60,
}
const api = { apiId: 'api_1' as const, name: 'tenancies' }
const rules = [{ group: 'g1', routes: ROUTES }]
const its = { tokenId: 'tok_1' as const, expiresAt: LATER }
const who = { sessionId: 'ses_1' as const, subject: 'google#42', expiresAt: LATER }
const identity = { ...who, email: 'jo@example.org', groups: ['g1'], kid: 'key_1' as const, issuedAt: TIME }
const identified = {
  ...{ subject: 'google#42', email: 'jo@example.org', groups: ['g1'], kid: 'key_1' },
  ...{ issuedAt: NOW, expiresAt: NOW + HOUR },
}
const holder = { consumerId: 'con_1' as const }
const before = { since: LATER, before: NOW }
const set = { revokedAt: LATER, issuedBefore: TIME, reason: 'requested' as const }
const marks = { rank: 1_000_000 + VERSION }

const WRITES: readonly (readonly [what: string, fact: FactOf, writes: readonly object[]])[] = [
  [
    'an issued token what it opens, and what counts its use',
    {
      type: 'token.issued',
      data: {
        ...its,
        ...holder,
        ...{ consumer: 'housing', kid: 'key_1', issuedAt: TIME },
        grants: [{ ...grant, usagePlan: { planId: 'plan_9', name: 'small' } }, grant],
      },
    },
    [
      token(
        'grant',
        {
          ...{ consumerId: 'con_1', consumer: 'housing', kid: 'key_1', issuedAt: NOW, expiresAt: NOW + HOUR },
          grants: [{ ...granted, usageKey: 'usage-9-1' }, granted],
        },
        'projector',
      ),
    ],
  ],
  [
    'a rerolled token its end',
    { type: 'token.rerolled', data: { ...its, successorId: 'tok_2', rerolledAt: TIME, until: LATER } },
    [token('superseded', { until: NOW + HOUR }, 'command')],
  ],
  [
    'a disabled token its refusal',
    { type: 'token.disabled', data: { ...its, disabledAt: TIME } },
    [token('refusal', { why: 'disabled', since: TIME }, 'command')],
  ],
  [
    'an enabled token none, and later',
    { type: 'token.enabled', data: { ...its, enabledAt: TIME } },
    [token('refusal', null, 'projector')],
  ],
  [
    'a revoked token its tombstone',
    { type: 'token.revoked', data: { ...its, revokedAt: TIME, reason: 'requested' } },
    [token('refusal', { why: 'revoked', since: TIME }, 'command')],
  ],
  [
    'a consumer that signs a row that opens nothing',
    {
      type: 'consumer.registered',
      data: {
        ...holder,
        ...{ name: 'mre', type: 'service', owner: 'o', selfSigning: { longestTokenSeconds: 900 } },
      },
    },
    [consumer('grant', { consumer: 'mre', longestTokenSeconds: 900, grants: [] })],
  ],
  [
    'a consumer that does not sign nothing',
    { type: 'consumer.registered', data: { ...holder, name: 'mre', type: 'service', owner: 'o' } },
    [],
  ],
  [
    'a consumer that signs what its tokens open',
    {
      type: 'consumer.grants-changed',
      data: { ...holder, consumer: 'mre', grants: [grant], longestTokenSeconds: 600 },
    },
    [consumer('grant', { consumer: 'mre', longestTokenSeconds: 600, grants: [granted] })],
  ],
  [
    'the keys of a consumer, and the end of those that were replaced',
    {
      type: 'consumer.secret-rotated',
      data: {
        ...holder,
        ...{ kid: 'con_1.key_2', rotatedAt: TIME },
        accepted: [{ kid: 'con_1.key_1', until: LATER }, { kid: 'con_1.key_2' }],
      },
    },
    [
      consumer('keys', {
        accepted: [{ kid: 'con_1.key_1', until: NOW + HOUR }, { kid: 'con_1.key_2' }],
      }),
    ],
  ],
  [
    'single tokens of a consumer that are refused',
    {
      type: 'consumer.tokens-revoked',
      data: {
        ...holder,
        ...{ revokedAt: LATER, reason: 'requested', refused: [{ tokenId: 'mine-7', until: LATER }] },
      },
    },
    [consumer('refused', { tokens: ['mine-7'] })],
  ],
  [
    'everything of a consumer that was issued before',
    { type: 'consumer.tokens-revoked', data: { ...holder, ...set, refused: [] } },
    [consumer('refused', { tokens: [] }), ...fenced('issued-before#con_1', before)],
  ],
  [
    'a suspended consumer in the fence',
    { type: 'consumer.suspended', data: { ...holder, suspendedAt: TIME } },
    fenced('consumer#con_1', { since: TIME }),
  ],
  [
    'a resumed consumer out of it',
    { type: 'consumer.resumed', data: { ...holder, resumedAt: TIME } },
    fenced('consumer#con_1', null),
  ],
  [
    'a key that was given up in the fence',
    { type: 'signing-key.compromised', data: { kid: 'key_1', compromisedAt: TIME } },
    fenced('kid#key_1', { since: TIME }),
  ],
  [
    'every token that was issued before, above all marks of consumers',
    { type: 'revocation.begun', data: { target: 'everybody', ...set } },
    fenced('issued-before', before, marks),
  ],
  [
    'those of a set by its target',
    { type: 'revocation.begun', data: { target: 'api_1', ...set } },
    fenced('issued-before#api_1', before, marks),
  ],
  [
    'a set that is done out of the fence, rank and all',
    { type: 'revocation.completed', data: { target: 'api_1', completedAt: TIME } },
    fenced('issued-before#api_1', null, { ...marks, forget: true }),
  ],
  [
    'a lockdown with those that are spared',
    {
      type: 'lockdown.begun',
      data: { environment: 'staging', spares: ['api_9'], because: 'b', begunAt: TIME },
    },
    fenced('lockdown#*/staging', { since: TIME, spares: ['api_9'] }),
  ],
  [
    'a lockdown that is over out of the fence, rank and all',
    { type: 'lockdown.ended', data: { environment: 'staging', because: 'b', endedAt: TIME } },
    fenced('lockdown#*/staging', null, { forget: true }),
  ],
  [
    'a deployment what lives there, after the place it left',
    {
      type: 'api.deployed',
      data: { ...api, routes: registered, deployment: at('g', 3), replaced: at('h', 2), rules },
    },
    [
      ...placed('g', 3, 'binding', binding, 'projector'),
      ...placed('g', 3, 'rules', { rules }, 'projector'),
      ...placed('h', 2, 'binding', null, 'command'),
      ...placed('h', 2, 'rules', null, 'command'),
    ],
  ],
  [
    'a deployment without rules none',
    { type: 'api.deployed', data: { ...api, routes: registered, deployment: at('g', 1) } },
    [
      ...placed('g', 1, 'binding', binding, 'projector'),
      ...placed('g', 1, 'rules', { rules: [] }, 'projector'),
    ],
  ],
  [
    'every deployment of an API that changed, at once',
    {
      type: 'api.updated',
      data: {
        ...api,
        ...{ owner: 'o', routes: registered, deployments: [at('g', 1), at('h', 4)], publishedAt: TIME },
      },
    },
    [...placed('g', 1, 'binding', binding, 'command'), ...placed('h', 4, 'binding', binding, 'command')],
  ],
  [
    'a closed API nothing anywhere, at once',
    { type: 'api.deregistered', data: { ...api, deployments: [at('g', 1)], deregisteredAt: TIME } },
    [...placed('g', 1, 'binding', null, 'command'), ...placed('g', 1, 'rules', null, 'command')],
  ],
  [
    'changed rules where the API lives, at once',
    {
      type: 'access-rule.changed',
      data: { ...api, environment: 'staging', rules, deployment: at('g', 2) },
    },
    placed('g', 2, 'rules', { rules }, 'command'),
  ],
  [
    'changed rules nowhere, where it lives nowhere',
    { type: 'access-rule.changed', data: { ...api, environment: 'staging', rules } },
    [],
  ],
  [
    'a session who it is for',
    { type: 'session.started', data: { ...identity, provider: 'google' } },
    [session('session', identified)],
  ],
  [
    'a session the groups of now',
    { type: 'session.groups-changed', data: { ...identity, groups: [] } },
    [session('session', { ...identified, groups: [] })],
  ],
  [
    'a session its end',
    { type: 'session.ended', data: { ...who, endedAt: TIME, reason: 'signed-out' } },
    [session('refusal', { why: 'ended', since: TIME })],
  ],
]

describe('the read model has of', () => {
  it.each(WRITES)('%s', (_, fact, writes) => {
    expect(writesOf(fact)).toEqual(writes)
  })

  it('nothing else than these events', () => {
    expect(new Set(WRITES.map(([, { type }]) => type))).toEqual(new Set(PROJECTED))
    expect(writesOf({ type: 'token.approved', data: { tokenId: 'tok_1', approvedBy: 'ann' } })).toEqual([])
  })
})
