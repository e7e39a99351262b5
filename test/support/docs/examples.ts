import { createHash } from 'node:crypto'
import { Audit } from '@countersign/core/audit'
import {
  type Cause,
  type EventData,
  type EventOf,
  type EventType,
  type FactOf,
  fact,
  type HubEventType,
  recordFacts,
} from '@countersign/core/events'
import { digestOf, type IdKind, idFrom, type NewId } from '@countersign/core/shared'

const bytesOf = (name: string): Uint8Array => createHash('sha256').update(name).digest().subarray(0, 16)
const id = <K extends IdKind>(kind: K, name: string) => idFrom(kind, bytesOf(`${kind} ${name}`))

const DAY_ZERO = Date.UTC(2026, 2, 1, 12)
const at = (day: number): string => new Date(DAY_ZERO + day * 86_400_000).toISOString()

const operator = id('consumer', 'operator')
const consumerId = id('consumer', 'repairs')
const signer = id('consumer', 'media')
const signerKids = ['first', 'second'].map((name) => `${signer}.${id('key', `media ${name}`)}`)
const apiId = id('api', 'tenancies')
const planId = id('usage-plan', 'gold')
const apiKeyId = id('api-key', 'repairs')
const digestOfKey = `sha-256:${createHash('sha256').update('an example').digest('base64url')}`
const tokenId = id('token', 'issued')
const webhookId = id('webhook', 'security')
const kid = id('key', 'first')
const path = '/api/v1/tenancies/{id}'
const routes: EventData<'api.registered'>['routes'] = [
  { method: 'GET', path: '/api/v1/tenancies', authorization: 'token' },
  { method: 'GET', path, authorization: 'token' },
  { method: 'GET', path: '/api/v1/visits/{id}', authorization: 'token+group' },
]
const rules = [
  { group: '03dy6vkm2mjx8zd', routes: [{ method: 'GET' as const, path: '/api/v1/visits/{id}' }] },
]
const described = { apiId, name: 'tenancies', owner: 'housing@example.org' }
const requested = {
  consumerId,
  consumer: 'Repairs service',
  grants: [{ apiId, api: 'tenancies', environment: 'staging', routes: [{ method: 'GET' as const, path }] }],
  expiresAt: at(30),
}
const coordinates = {
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId: 'abc123',
  stage: 'staging',
}
const deployment = { environment: 'staging', coordinates, generation: 1, authorizerCacheTtlSeconds: 0 }
const moved = { ...deployment, coordinates: { ...coordinates, gatewayId: 'def456' } }
const rejected = id('token', 'rejected')
const sessionId = id('session', 'ada')
const identified = {
  ...{ sessionId, subject: 'google#108204268033311374519', email: 'ada@example.org', kid },
  ...{ issuedAt: at(0), expiresAt: new Date(DAY_ZERO + 900_000).toISOString() },
}
const rerolled = id('token', 'rerolled')
const approver = id('consumer', 'approver')
const asked = { ...requested, tokenId, requestedBy: operator, reason: 'nightly repairs' }

/** What happened to a few entities, a day between any two facts: each log begins with its entity's first event. */
const LOGS: readonly (readonly [subject: string, facts: readonly FactOf[]])[] = [
  [
    'key-ring',
    [
      fact('signing-key.created', { kid, algorithm: 'HS512', createdAt: at(0), signsFrom: at(0) }),
      fact('signing-key.activated', { kid, activatedAt: at(1) }),
      fact('signing-key.compromised', { kid, compromisedAt: at(2), note: 'printed in a terminal' }),
      fact('signing-key.retired', { kid, retiredAt: at(3) }),
      fact('key-ring.rotation-failed', { rotationId: 'r-17', step: 'testSecret', reason: 'canary_refused' }),
    ],
  ],
  [
    apiId,
    [
      fact('api.registered', { ...described, routes, publishedAt: at(0) }),
      fact('api.deployed', { apiId, name: 'tenancies', routes, deployment }),
      fact('api.updated', { ...described, routes, publishedAt: at(2), deployments: [deployment] }),
      fact('access-rule.changed', {
        ...{ apiId, name: 'tenancies', environment: 'staging', rules, deployment },
      }),
      fact('api.deployed', {
        ...{ apiId, name: 'tenancies', routes, deployment: moved, replaced: deployment, rules },
      }),
      fact('api.deregistered', {
        apiId,
        name: 'tenancies',
        deployments: [moved],
        deregisteredAt: at(5),
      }),
    ],
  ],
  [
    consumerId,
    [
      fact('consumer.registered', {
        consumerId,
        name: 'Repairs service',
        type: 'service',
        owner: 'repairs@example.org',
      }),
      fact('consumer.suspended', { consumerId, suspendedAt: at(1), note: 'contract ended' }),
      fact('consumer.resumed', { consumerId, resumedAt: at(2) }),
    ],
  ],
  [
    planId,
    [
      fact('usage-plan.changed', {
        planId,
        name: 'gold',
        description: 'For partners under contract',
        apiId,
        api: 'tenancies',
        environment: 'staging',
        quota: { limit: 100_000, period: 'month' },
        throttle: { rateLimit: 50, burstLimit: 100 },
        methods: [{ method: 'GET', path, rateLimit: 10, burstLimit: 20 }],
      }),
    ],
  ],
  [
    signer,
    [
      fact('consumer.registered', {
        consumerId: signer,
        name: 'Media partner',
        type: 'partner',
        owner: 'media@example.org',
        selfSigning: { longestTokenSeconds: 900 },
      }),
      ...signerKids.map((signerKid, day) =>
        fact('consumer.secret-rotated', {
          consumerId: signer,
          kid: signerKid,
          rotatedAt: at(day + 1),
          accepted: signerKids
            .slice(0, day + 1)
            .map((one, index) => (index === day ? { kid: one } : { kid: one, until: at(day + 8) })),
        }),
      ),
      fact('consumer.grants-requested', {
        consumerId: signer,
        grants: requested.grants,
        requestedBy: operator,
      }),
      fact('consumer.grants-changed', {
        consumerId: signer,
        consumer: 'Media partner',
        grants: requested.grants,
        longestTokenSeconds: 900,
        approvedBy: id('consumer', 'approver'),
      }),
      fact('consumer.tokens-revoked', {
        consumerId: signer,
        revokedAt: at(5),
        reason: 'compromised',
        refused: [{ tokenId: 'upload-17', until: at(6) }],
        issuedBefore: at(5),
      }),
    ],
  ],
  [
    apiKeyId,
    [
      fact('api-key.created', {
        apiKeyId,
        consumerId,
        consumer: 'Repairs service',
        name: 'nightly',
        plans: [{ planId, name: 'gold', apiId, api: 'tenancies', environment: 'staging' }],
        digest: digestOfKey,
        createdAt: at(0),
      }),
      fact('api-key.rotated', {
        apiKeyId,
        generation: 2,
        digest: digestOfKey,
        rotatedAt: at(1),
        previousUntil: at(2),
      }),
      fact('api-key.retired', { apiKeyId, generation: 1, retiredAt: at(2) }),
      fact('api-key.disabled', { apiKeyId, disabledAt: at(3), note: 'contract ended' }),
    ],
  ],
  [
    tokenId,
    [
      fact('token.requested', asked),
      fact('token.approved', { tokenId, approvedBy: id('consumer', 'approver') }),
      fact('token.issued', { ...requested, tokenId, reason: 'nightly repairs', kid, issuedAt: at(2) }),
      fact('token.collected', { tokenId, collectedBy: operator }),
      fact('token.disabled', { tokenId, expiresAt: at(30), disabledAt: at(4), note: 'still used?' }),
      fact('token.enabled', { tokenId, expiresAt: at(30), enabledAt: at(5) }),
      fact('token.revoked', { tokenId, expiresAt: at(30), revokedAt: at(6), reason: 'compromised' }),
    ],
  ],
  [
    `set-${apiId}`,
    [
      fact('revocation.begun', {
        ...{ target: apiId, issuedBefore: at(1), revokedAt: at(1), reason: 'compromised' },
        note: 'a backup was copied',
      }),
      fact('revocation.completed', { target: apiId, completedAt: at(3) }),
    ],
  ],
  [
    'lockdown',
    [
      fact('lockdown.begun', {
        ...{ spares: [id('api', 'countersign')], because: 'tokens were found in a public bucket' },
        begunAt: at(1),
      }),
      fact('lockdown.ended', { because: 'every token of the bucket is revoked', endedAt: at(2) }),
    ],
  ],
  [
    rerolled,
    [
      fact('token.issued', {
        ...{ ...requested, tokenId: rerolled, reason: 'nightly repairs', kid, issuedAt: at(0) },
        rerolledFrom: tokenId,
        approval: { requestedBy: operator, approvedBy: approver, until: at(365) },
      }),
      fact('token.expiring', {
        ...{ tokenId: rerolled, consumerId, consumer: 'Repairs service', expiresAt: at(30), days: 7 },
      }),
      fact('token.rerolled', {
        ...{ tokenId: rerolled, expiresAt: at(30), successorId: id('token', 'successor') },
        ...{ rerolledAt: at(2), until: at(3) },
      }),
    ],
  ],
  [
    rejected,
    [
      fact('token.requested', { ...asked, tokenId: rejected }),
      fact('token.rejected', {
        tokenId: rejected,
        rejectedBy: id('consumer', 'approver'),
        note: 'use staging',
      }),
    ],
  ],
  [
    sessionId,
    [
      fact('session.started', {
        ...identified,
        provider: 'google',
        groups: ['03dy6vkm2mjx8zd', '01ksv4uv0abcdef'],
      }),
      fact('session.groups-changed', { ...identified, groups: ['01ksv4uv0abcdef'] }),
      fact('session.ended', {
        ...{ sessionId, subject: identified.subject, expiresAt: identified.expiresAt },
        ...{ endedAt: at(0), reason: 'signed-out' },
      }),
    ],
  ],
  [
    id('publication', 'refused'),
    [
      fact('api.registration-rejected', {
        name: 'repairs',
        owner: 'repairs@example.org',
        publicationId: 'build-482',
        refusals: [
          {
            pointer: '/deployments/staging',
            code: 'deployment_taken',
            detail: 'Another API lives at these coordinates',
          },
        ],
      }),
    ],
  ],
  [
    id('denial', 'a minute'),
    [
      fact('access.denied', {
        denialId: id('denial', 'a minute'),
        holder: id('token', 'refused'),
        credential: 'token',
        consumerId: id('consumer', 'refused'),
        kid: id('key', 'refused'),
        reason: 'route_not_granted',
        apiId: id('api', 'refused'),
        environment: 'staging',
        gateway: 'abc123/staging',
        routes: ['DELETE /api/v1/tenancies/{id}'],
        windowStart: at(0),
        count: 10,
        firstAt: at(0),
        lastAt: at(0),
        capped: false,
      }),
    ],
  ],
  [
    id('token-use', 'used'),
    [fact('token.used', { tokenId: id('token', 'used'), consumerId: id('consumer', 'used'), usedAt: at(0) })],
  ],
  [
    Audit.partIdOf('2026-03-01', 0),
    [
      fact('audit.day-gathered', {
        partId: Audit.partIdOf('2026-03-01', 0),
        ...{ day: '2026-03-01', index: 0, events: 214, root: digestOfKey },
      }),
    ],
  ],
  [
    Audit.sealIdOf('2026-03-01'),
    [
      fact('audit.day-sealed', {
        sealId: Audit.sealIdOf('2026-03-01'),
        ...{ day: '2026-03-01', events: 214, late: 0, parts: 1, root: digestOfKey, previous: digestOfKey },
        kid: id('key', 'seals'),
        seal: 'eyJhbGciOiJFZERTQSIs…',
        sealedAt: at(1),
      }),
    ],
  ],
  [
    'seal-keys',
    [
      fact('seal-key.created', {
        ...{ kid: id('key', 'seals'), algorithm: 'EdDSA', createdAt: at(0), signsFrom: at(0) },
        digest: digestOfKey,
      }),
      fact('seal-key.rotation-failed', {
        rotationId: 'r-18',
        step: 'createSecret',
        reason: 'key_ring_full',
      }),
    ],
  ],
  [
    webhookId,
    [
      fact('webhook.registered', {
        ...{ webhookId, name: 'Security team', url: 'https://hooks.example.org/auth-events' },
        ...{ events: ['token.revoked', 'signing-key.*'], digest: digestOfKey, registeredAt: at(0) },
      }),
      fact('webhook.tested', { webhookId, testedAt: at(1) }),
      fact('webhook.delivery-failed', {
        ...{ webhookId, failingSince: at(2), failedAt: at(2), eventId: id('event', 'undelivered') },
        ...{ eventType: 'token.revoked', attempt: 4, outcome: 'answered', status: 503 },
      }),
      fact('webhook.delivery-recovered', { webhookId, failingSince: at(2), recoveredAt: at(3) }),
      fact('webhook.secret-rotated', {
        ...{ webhookId, generation: 2, digest: digestOfKey, rotatedAt: at(4), previousUntil: at(5) },
      }),
      fact('webhook.changed', {
        ...{ webhookId, name: 'Security team', url: 'https://hooks.example.org/v2/auth-events' },
        ...{ events: ['token.*'], changedAt: at(5) },
      }),
      fact('webhook.disabled', { webhookId, disabledAt: at(6), because: 'requested', note: 'moving house' }),
      fact('webhook.enabled', { webhookId, enabledAt: at(7) }),
    ],
  ],
]

const HUB_CAUSE = { actor: 'api-hub', correlationId: 'build-482', causationId: '6f0cbb3a-hub-event' }
const OPERATOR_CAUSE = { actor: operator, correlationId: '0b5a7c1e-request' }

const DELIVERY_CAUSE = {
  ...{ actor: 'webhooks', correlationId: '0b5a7c1e-request', causationId: id('event', 'undelivered') },
}
const LOG_CAUSE = { actor: 'decision-log', correlationId: 'evt_5d0cbb3a' }
const SEAL_CAUSE = { actor: 'schedule', correlationId: 'evt_71c0e4f2' }
const CAUSES: Partial<Record<EventType, Omit<Cause, 'now'>>> = {
  'audit.day-gathered': SEAL_CAUSE,
  'audit.day-sealed': SEAL_CAUSE,
  'api.registration-rejected': HUB_CAUSE,
  'access.denied': LOG_CAUSE,
  'token.used': LOG_CAUSE,
  'webhook.delivery-failed': DELIVERY_CAUSE,
  'webhook.delivery-recovered': DELIVERY_CAUSE,
}

const causeOf = ({ type }: FactOf, day: number): Cause => ({
  ...(CAUSES[type] ?? OPERATOR_CAUSE),
  now: new Date(at(day)),
})

const recordLog = (subject: string, facts: readonly FactOf[]): readonly EventOf[] => {
  const log: EventOf[] = []
  for (const [day, one] of facts.entries()) {
    const last = log.at(-1)
    const end = { version: log.length, head: last ? digestOf(last) : '' }
    const newId: NewId = (kind) => id(kind, `${subject} ${day}`)
    log.push(...recordFacts(subject, end, [one], causeOf(one, day), newId))
  }
  return log
}

/** Every example event, entity by entity, in the order of each log. */
export const exampleEvents: readonly EventOf[] = LOGS.flatMap(([subject, facts]) => recordLog(subject, facts))

/** The last example of a type; throws when a type has none, so that no event goes without. */
export const exampleOf = (type: EventType): EventOf => {
  const found = exampleEvents.findLast((event) => event.type === type)
  if (!found) throw new Error(`${type} has no example`)
  return found
}

/** What the API Hub puts into `detail`. */
export const hubExamples = {
  'api-hub.api-published': {
    publicationId: 'build-481',
    name: 'tenancies',
    owner: 'housing@example.org',
    openapi: {
      openapi: '3.1.0',
      info: { title: 'tenancies', version: '1' },
      paths: { [path]: { get: { responses: { 200: { description: 'a tenancy' } } } } },
    },
    authorization: 'token',
    deployments: [{ environment: 'staging', ...coordinates }],
  },
  'api-hub.api-withdrawn': { publicationId: 'build-490', name: 'tenancies' },
} as const satisfies Record<HubEventType, unknown>
