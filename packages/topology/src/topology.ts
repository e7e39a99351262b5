import type { Method } from '@countersign/core/shared'
import type { HttpRoute, Link, Rotation, Runs, Stream } from './runs.ts'
import { openApiSchemas } from './schemas.ts'

const functions = 'packages/functions/src'

/** `stream`: its changes are read by a function. `indexes`: what can be asked besides the key. */
export const tables = {
  Ledger: {
    fields: { pk: 'string', sk: 'string', listed: 'string', listedAt: 'string', day: 'string', at: 'string' },
    primaryIndex: { hashKey: 'pk', rangeKey: 'sk' },
    globalIndexes: {
      /** Entities of a kind, by creation. */
      Listed: { hashKey: 'listed', rangeKey: 'listedAt' },
      /** Events of a day, by time. */
      Day: { hashKey: 'day', rangeKey: 'at' },
    },
    stream: 'new-image',
    ttl: 'sweepAfter',
  },
  Access: {
    fields: { key: 'string' },
    primaryIndex: { hashKey: 'key' },
    globalIndexes: {},
    stream: undefined,
    ttl: 'sweepAfter',
  },
} as const

/** The platform's own HTTP API. `GET /health` and the public keys are open; everything else stands behind the platform's own authorizer. */
export const routes = {
  'POST /consumers': http('register-consumer', ['ledger:write', 'access:write', 'consumer-keys:rotate']),
  'GET /consumers': http('list-consumers', ['ledger:list']),
  'GET /consumers/{id}': http('show-consumer', ['ledger:read']),
  'PUT /consumers/{id}/grants': http('change-consumer-grants', ['ledger:write', 'access:write']),
  'POST /consumers/{id}/grants/approval': {
    ...http('approve-consumer-grants', ['ledger:write', 'access:write']),
    machines: false,
  },
  'POST /consumers/{id}/secret': http('rotate-consumer-secret', [
    'ledger:write',
    'access:write',
    'consumer-keys:rotate',
  ]),
  'POST /consumers/{id}/suspension': http('suspend-consumer', ['ledger:write', 'access:write']),
  'POST /consumers/{id}/resumption': http('resume-consumer', ['ledger:write', 'access:write']),
  'PUT /apis/{name}': {
    ...http('register-api', ['ledger:write', 'access:write']),
    memoryMegabytes: 1_024,
    files: [openApiSchemas],
  },
  'GET /apis': http('list-apis', ['ledger:list']),
  'GET /apis/{name}': http('show-api', ['ledger:read']),
  'DELETE /apis/{name}': http('deregister-api', ['ledger:write', 'access:write']),
  'PUT /apis/{name}/deployments/{environment}': http('deploy-api', ['ledger:write', 'access:write']),
  'PUT /apis/{name}/access-rules/{environment}': http('change-access-rules', [
    'ledger:write',
    'access:write',
  ]),
  'POST /tokens': http('issue-token', ['ledger:write', 'key-ring:read']),
  'GET /tokens': http('list-tokens', ['ledger:list', 'ledger:read']),
  'GET /tokens/{id}': http('show-token', ['ledger:read', 'access:read']),
  // A second pair of eyes is a person's: two roles may be one machine's.
  'POST /tokens/{id}/approval': { ...http('approve-token', ['ledger:write']), machines: false },
  'POST /tokens/{id}/rejection': { ...http('reject-token', ['ledger:write']), machines: false },
  'POST /tokens/{id}/collection': http('collect-token', ['ledger:write', 'key-ring:read']),
  'POST /tokens/{id}/disablement': http('disable-token', ['ledger:write', 'access:write']),
  'POST /tokens/{id}/enablement': http('enable-token', ['ledger:write']),
  'POST /tokens/{id}/revocation': http('revoke-token', ['ledger:write', 'access:write']),
  'POST /tokens/{id}/reroll': http('reroll-token', ['ledger:write', 'access:write', 'key-ring:read']),
  'POST /revocations': http('revoke-set', ['ledger:write', 'ledger:list', 'access:read', 'access:write']),
  'POST /lockdowns': http('begin-lockdown', ['ledger:write', 'ledger:list', 'access:write']),
  'POST /lockdowns/lifting': http('lift-lockdown', ['ledger:write', 'ledger:list', 'access:write']),
  'GET /lockdowns': http('list-lockdowns', ['ledger:list']),
  'GET /.well-known/jwks.json': {
    ...http('show-json-web-keys', ['key-ring:read', 'seal-keys:read']),
    authorization: 'open',
    machines: false,
  },
  'GET /signing-keys': http('list-signing-keys', ['key-ring:read']),
  'POST /signing-keys': http('import-signing-key', ['ledger:write', 'key-ring:rotate']),
  'POST /signing-keys/rotation': http('rotate-signing-keys', ['ledger:write', 'key-ring:rotate']),
  'POST /signing-keys/{kid}/compromise': http('compromise-signing-key', [
    'ledger:write',
    'ledger:list',
    'access:write',
    'key-ring:rotate',
  ]),
  'PUT /usage-plans/{name}': http('put-usage-plan', ['ledger:write']),
  'GET /usage-plans': http('list-usage-plans', ['ledger:list']),
  'GET /usage-plans/{name}': http('show-usage-plan', ['ledger:read']),
  'POST /api-keys': http('create-api-key', ['ledger:write', 'api-keys:derive']),
  'GET /api-keys': http('list-api-keys', ['ledger:list']),
  'GET /api-keys/{id}': http('show-api-key', ['ledger:read']),
  'POST /api-keys/{id}/rotation': http('rotate-api-key', ['ledger:write', 'api-keys:derive']),
  'POST /api-keys/{id}/disablement': http('disable-api-key', ['ledger:write']),
  'POST /webhooks': http('register-webhook', ['ledger:write', 'webhooks:sign', 'webhooks:reach']),
  'GET /webhooks': http('list-webhooks', ['ledger:list']),
  'GET /webhooks/{id}': http('show-webhook', ['ledger:read']),
  'PUT /webhooks/{id}': http('change-webhook', ['ledger:write', 'webhooks:reach']),
  'POST /webhooks/{id}/disablement': http('disable-webhook', ['ledger:write']),
  'POST /webhooks/{id}/enablement': http('enable-webhook', ['ledger:write']),
  'POST /webhooks/{id}/secret': http('rotate-webhook-secret', ['ledger:write', 'webhooks:sign']),
  'POST /webhooks/{id}/test': http('test-webhook', ['ledger:write', 'webhooks:sign', 'webhooks:reach']),
  'POST /oauth/token': {
    ...http('exchange-token', ['ledger:append', 'access:write', 'key-ring:read', 'identities:read']),
    authorization: 'open',
    machines: false,
  },
  'POST /oauth/revoke': {
    ...http('revoke-credential', ['ledger:write', 'access:write', 'key-ring:read']),
    authorization: 'open',
    machines: false,
  },
  'POST /oauth/introspect': http('introspect-token', ['ledger:read', 'key-ring:read']),
  'POST /decisions/explanation': http('explain-decision', [
    'ledger:read',
    'ledger:list',
    'access:read',
    'key-ring:read',
    'consumer-keys:read',
  ]),
  'GET /audit/events': http('list-audit-events', ['ledger:log']),
  'GET /audit/heads': http('list-audit-heads', ['ledger:list', 'ledger:read']),
  'GET /audit/seals': http('list-audit-seals', ['ledger:list']),
  'GET /audit/seals/{day}': http('show-audit-seal', ['ledger:read']),
  'GET /audit/security-events': http('list-security-events', ['ledger:days', 'seal-keys:read']),
  'GET /audit/seals/{day}/leaves': http('list-seal-leaves', ['ledger:read']),
  'GET /pipeline': http('show-pipeline', ['queues:inspect', 'access:read']),
  'POST /pipeline/{subscription}/redrive': http('redrive-subscription', ['queues:redrive']),
  'GET /health': {
    ...http('show-health', ['ledger:read', 'ledger:probe']),
    authorization: 'open',
    machines: false,
  },
} as const satisfies Record<`${Method} /${string}`, HttpRoute>

export type HttpRouteName = keyof typeof routes

export const streams = {
  Relay: {
    module: `${functions}/streams/relay`,
    table: 'Ledger',
    links: ['bus:publish'],
    maxRetries: 100,
    maxRecordAgeSeconds: 21_600,
  },
} as const satisfies Record<string, Stream>

/** On AWS, Secrets Manager runs these on its own schedule; on one machine the local runtime does. */
export const rotations = {
  RotateKeyRing: {
    module: `${functions}/rotation/rotate-key-ring`,
    secret: 'KeyRing',
    everyDays: 30,
    links: ['ledger:write', 'key-ring:rotate'],
  },
  // Every key stays in the secret for good, and there is room for thirty.
  RotateSealKeys: {
    module: `${functions}/rotation/rotate-seal-keys`,
    secret: 'SealKeys',
    everyDays: 365,
    links: ['ledger:write', 'seal-keys:rotate'],
  },
} as const satisfies Record<string, Rotation>

export const authorizer = {
  module: `${functions}/authorizer/authorize`,
  links: ['access:read', 'key-ring:read', 'consumer-keys:read'],
  memoryMegabytes: 1_024,
} as const satisfies Runs

/** The same decision for HTTP APIs with simple responses: an event does not say that they are on. */
export const simpleAuthorizer = {
  module: `${functions}/authorizer/authorize-simply`,
  links: ['access:read', 'key-ring:read', 'consumer-keys:read'],
  memoryMegabytes: 1_024,
} as const satisfies Runs

function http<const L extends readonly Link[]>(name: string, links: L) {
  return { module: `${functions}/http/${name}`, authorization: 'token', links, machines: true } as const
}
