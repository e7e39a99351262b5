import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventOf, FactOf } from '../events/catalog.ts'
import { type LogEnd, recordFacts } from '../events/envelope.ts'
import { digestOf } from '../shared/json.ts'
import { applyWrite, type Row } from '../shared/register.ts'
import { grantsOf, PROJECTED, project, rebuild, refusalsOf } from './projection.ts'
import {
  bindingOf,
  deploymentRowKey,
  fenceEntryOf,
  fenceRowKey,
  grantOf,
  refusalOf,
  SHARDS,
  shardOf,
  supersededOf,
  tokenRowKey,
} from './row.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)
const NOW = new Date('2026-01-01T00:00:00.000Z')
const EXPIRES = '2026-02-01T00:00:00.000Z'
const TIME = NOW.toISOString()

let ids = 0
const log = (subject: string, facts: readonly FactOf[], end: LogEnd = { version: 0, head: '' }) =>
  recordFacts(
    subject,
    end,
    facts,
    { actor: 'somebody', correlationId: 'c', now: NOW },
    (kind) => `${kind === 'event' ? 'evt' : kind}_${++ids}` as never,
  )

const issued: FactOf = {
  type: 'token.issued',
  data: {
    tokenId: 'tok_1',
    consumerId: 'con_1',
    consumer: 'housing',
    grants: [
      { apiId: 'api_1', api: 'tenancies', environment: 'staging', routes: [{ method: 'GET', path: '/x' }] },
    ],
    expiresAt: EXPIRES,
    kid: 'key_1',
    issuedAt: TIME,
  },
}
const disabled: FactOf = {
  type: 'token.disabled',
  data: { tokenId: 'tok_1', expiresAt: EXPIRES, disabledAt: TIME },
}
const enabled: FactOf = {
  type: 'token.enabled',
  data: { tokenId: 'tok_1', expiresAt: EXPIRES, enabledAt: TIME },
}
const revoked: FactOf = {
  type: 'token.revoked',
  data: { tokenId: 'tok_1', expiresAt: EXPIRES, revokedAt: TIME, reason: 'requested' },
}

const coordinates = (gatewayId: string) => ({
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId,
  stage: 's',
})
const deployment = (gatewayId: string, generation: number, environment = 'staging') => ({
  environment,
  coordinates: coordinates(gatewayId),
  generation,
  authorizerCacheTtlSeconds: 0,
})
const routes = [{ method: 'GET' as const, path: '/x', authorization: 'token' as const }]
const deployed = (
  apiId: `api_${string}`,
  at: ReturnType<typeof deployment>,
  replaced?: ReturnType<typeof deployment>,
): FactOf => ({
  type: 'api.deployed',
  data: { apiId, name: apiId, routes, deployment: at, ...(replaced && { replaced }) },
})
const updated = (apiId: `api_${string}`, deployments: ReturnType<typeof deployment>[]): FactOf => ({
  type: 'api.updated',
  data: { apiId, name: apiId, owner: 'o', routes, deployments, publishedAt: TIME },
})
const deregistered = (apiId: `api_${string}`, deployments: ReturnType<typeof deployment>[]): FactOf => ({
  type: 'api.deregistered',
  data: { apiId, name: apiId, deployments, deregisteredAt: TIME },
})

const bindingAt = (rows: ReadonlyMap<string, Row>, gatewayId: string) =>
  bindingOf(rows.get(deploymentRowKey(coordinates(gatewayId), 0)))?.apiId

const tokenRow = (events: readonly EventOf[]) => rebuild(events).get(tokenRowKey('tok_1'))
const plain = (rows: ReadonlyMap<string, Row>) => Object.fromEntries(rows)

describe('the read model of a token', () => {
  it('stays refused when the issue event is delivered after the revoke', () => {
    const [first, second] = log('tok_1', [issued, revoked])
    const row = tokenRow([second, first].filter((event) => event !== undefined))
    expect(refusalOf(row)?.why).toBe('revoked')
    expect(grantOf(row)?.consumerId).toBe('con_1')
  })

  it('stays refused when an earlier enabling is delivered after the revoke', () => {
    const [first, off, on, gone] = log('tok_1', [issued, disabled, enabled, revoked])
    const row = tokenRow([first, gone, on, off].filter((event) => event !== undefined))
    expect(refusalOf(row)?.why).toBe('revoked')
  })

  it.each([
    ['at once, on whatever clock, when its successor left it no grace', TIME, 0],
    ['at the end of its grace', '2026-01-01T01:00:00.000Z', NOW.getTime() / 1_000 + 3_600],
  ])('ends %s', (_, until, end) => {
    const rerolled: FactOf = {
      type: 'token.rerolled',
      data: { tokenId: 'tok_1', expiresAt: EXPIRES, successorId: 'tok_2', rerolledAt: TIME, until },
    }
    const rows = rebuild(log('tok_1', [issued, rerolled]))
    expect(supersededOf(rows.get(tokenRowKey('tok_1')))).toEqual({ until: end })
  })

  it('outlives the token', () => {
    expect(tokenRow(log('tok_1', [issued]))?.sweepAfter).toBeGreaterThan(Date.parse(EXPIRES) / 1_000)
  })
})

describe('the read model of a deployment', () => {
  it('belongs to the later claim, whichever is delivered later', () => {
    const old = log('api_1', [
      deployed('api_1', deployment('g', 1)),
      deregistered('api_1', [deployment('g', 1)]),
    ])
    const next = log('api_2', [deployed('api_2', deployment('g', 2))])
    expect(bindingAt(rebuild([...old, ...next]), 'g')).toBe('api_2')
    expect(bindingAt(rebuild([...next, ...old]), 'g')).toBe('api_2')
  })

  it('follows a move: the place it left is nobody’s', () => {
    const events = log('api_1', [
      deployed('api_1', deployment('g', 1)),
      deployed('api_1', deployment('h', 1), deployment('g', 1)),
      updated('api_1', [deployment('h', 1)]),
    ])
    for (const order of [events, events.toReversed()]) {
      expect(bindingAt(rebuild(order), 'g')).toBeUndefined()
      expect(bindingAt(rebuild(order), 'h')).toBe('api_1')
    }
  })

  it('is copied over every shard alike, and each token reads one of them', () => {
    const rows = rebuild(log('api_1', [deployed('api_1', deployment('g', 1))]))
    const copies = Array.from({ length: SHARDS }, (_, shard) =>
      rows.get(deploymentRowKey(coordinates('g'), shard)),
    )
    expect(new Set(copies.map((row) => JSON.stringify(row))).size).toBe(1)
    const shards = new Set(Array.from({ length: 200 }, (_, index) => shardOf(`tok_${digestOf(index)}`)))
    expect([...shards].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3])
  })
})

describe('the fence', () => {
  it('takes a consumer in and lets it out, in any order of delivery', () => {
    const events = log('con_1', [
      { type: 'consumer.suspended', data: { consumerId: 'con_1', suspendedAt: TIME } },
      { type: 'consumer.resumed', data: { consumerId: 'con_1', resumedAt: TIME } },
    ])
    const entry = (order: readonly EventOf[]) =>
      fenceEntryOf(rebuild(order).get(fenceRowKey(0)), 'consumer#con_1')
    expect(entry(events.slice(0, 1))).toBeDefined()
    expect(entry(events)).toBeUndefined()
    expect(entry(events.toReversed())).toBeUndefined()
  })

  it('is written by commands alone', () => {
    const events = log('key-ring', [
      { type: 'signing-key.compromised', data: { kid: 'key_1', compromisedAt: TIME } },
    ])
    expect(events.flatMap(grantsOf)).toEqual([])
    expect(refusalsOf(events)).toHaveLength(SHARDS)
  })
})

describe('a command and the projector', () => {
  it('write together what a rebuild writes: what takes away at once, what gives later', () => {
    const takesAway = [
      'token.disabled',
      'token.revoked',
      'consumer.suspended',
      'api.deregistered',
      'signing-key.compromised',
    ]
    const events = [
      ...log('tok_1', [issued, disabled, enabled, revoked]),
      ...log('api_1', [
        deployed('api_1', deployment('g', 1)),
        updated('api_1', [deployment('g', 1)]),
        deregistered('api_1', [deployment('g', 1)]),
      ]),
    ]
    for (const event of events) {
      const both = new Set([...refusalsOf([event]), ...grantsOf(event)].map((write) => digestOf(write)))
      expect(both).toEqual(new Set(project(event).map((write) => digestOf(write))))
      if (takesAway.includes(event.type)) expect(refusalsOf([event])).toEqual(project(event))
    }
    expect(PROJECTED).toEqual(expect.arrayContaining(takesAway))
  })
})

describe(`rebuilt and live (seed ${SEED})`, () => {
  const tokenLife = fc
    .array(fc.constantFrom(disabled, enabled), { maxLength: 5 })
    .map((middle) => log('tok_1', [issued, ...middle, revoked]))
  /** APIs that hold one place after the other, as the ledger's claims let them. */
  const places = fc
    .array(fc.tuple(fc.constantFrom('g', 'h'), fc.boolean()), { minLength: 1, maxLength: 5 })
    .map((turns) => {
      const generations = new Map<string, number>()
      return turns.flatMap(([gatewayId, closes], index) => {
        const generation = (generations.get(gatewayId) ?? 0) + 1
        generations.set(gatewayId, generation)
        const at = deployment(gatewayId, generation)
        const apiId = `api_${index}` as const
        const last = closes || turns.slice(index + 1).some(([other]) => other === gatewayId)
        return log(apiId, [
          deployed(apiId, at),
          updated(apiId, [at]),
          ...(last ? [deregistered(apiId, [at])] : []),
        ])
      })
    })

  it('are equal, row for row, after any order and any duplication of delivery', () => {
    fc.assert(
      fc.property(
        fc.tuple(tokenLife, places).chain(([life, apis]) => {
          const events = [...life, ...apis]
          return fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
          )
        }),
        ([events, delivered]) => {
          const live = new Map<string, Row>()
          for (const write of [...refusalsOf(events), ...delivered.flatMap(grantsOf)])
            live.set(write.row, applyWrite(live.get(write.row), write))
          expect(plain(live)).toEqual(plain(rebuild(events)))
          expect(plain(rebuild(delivered))).toEqual(plain(rebuild(events)))
          expect(refusalOf(live.get(tokenRowKey('tok_1')))?.why).toBe('revoked')
        },
      ),
      { seed: SEED, numRuns: 300 },
    )
  })

  it('refuse at every moment after the refusal was saved, whatever is delivered when', () => {
    fc.assert(
      fc.property(
        tokenLife.chain((events) =>
          fc.tuple(
            fc.constant(events),
            fc.shuffledSubarray([...events, ...events], { minLength: events.length }),
          ),
        ),
        ([events, delivered]) => {
          let row: Row | undefined
          for (const write of refusalsOf(events)) row = applyWrite(row, write)
          for (const write of delivered.flatMap(grantsOf)) {
            row = applyWrite(row, write)
            expect(refusalOf(row)?.why).toBe('revoked')
          }
        },
      ),
      { seed: SEED, numRuns: 300 },
    )
  })
})
