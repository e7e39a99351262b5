import { createHmac } from 'node:crypto'
import { Access, type AccessRowReader } from '@countersign/core/access'
import type { Method, ProtectedRoute, Row } from '@countersign/core/shared'
import { Redacted } from '@countersign/core/shared'
import { type KeyRing, type KeyRingReader, SigningKey } from '@countersign/core/signing-key'
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda'

/** Everything one decision needs, in memory: a token, its three rows, the ring, and the request that presents it. */
export interface Subject {
  readonly token: string
  readonly secret: Buffer
  readonly ring: KeyRing
  readonly ringReader: KeyRingReader
  readonly rows: ReadonlyMap<string, Row>
  readonly accessRows: AccessRowReader
  readonly event: APIGatewayRequestAuthorizerEvent
  readonly now: Date
}

export const ISSUER = 'https://countersign.example'
const COORDINATES = {
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId: 'abc123',
  stage: 'staging',
} as const
const KID = 'key_5f1d0c9b7a3e4d2c8b6a1f0e9d7c5b3a'
const TOKEN = 'tok_0a1b2c3d4e5f60718293a4b5c6d7e8f9'
const CONSUMER = 'con_9f8e7d6c5b4a39281706f5e4d3c2b1a0'
const API = 'api_00112233445566778899aabbccddeeff'
const DAY = 86_400

const RESOURCES = 'tenancies repairs charges accounts contacts assets notes payments visits letters'.split(
  ' ',
)
const SHAPES: readonly (readonly [Method, string])[] = [
  ['GET', '/{id}'],
  ['GET', ''],
  ['POST', ''],
  ['PUT', '/{id}'],
  ['DELETE', '/{id}'],
  ['GET', '/{id}/history'],
  ['POST', '/{id}/history'],
  ['GET', '/{id}/history/{entry}'],
  ['GET', '/search'],
  ['PATCH', '/{id}/owner'],
]

/** A REST API as teams publish them: resources with items, collections and sub-resources, in as many versions as it takes. */
export const registeredRoutes = (count: number): readonly ProtectedRoute[] =>
  Array.from({ length: count }, (_, index) => {
    const [method, tail] = SHAPES[index % 10] ?? ['GET', '']
    const resource = RESOURCES[Math.floor(index / 10) % 10] ?? ''
    const version = 1 + Math.floor(index / 100)
    return { method, path: `/api/v${version}/${resource}${tail}`, authorization: 'token' }
  })

/**
 * `granted` of `registered` routes, spread over the API; the request asks for the first. The token is good for so many
 * `others` as well, one route of each.
 */
export const subjectOf = (registered: number, granted: number, others = 0): Subject => {
  const routes = registeredRoutes(registered)
  const chosen = routes.filter((_, index) => (index * granted) % registered < granted)
  const now = new Date()
  const issuedAt = Math.floor(now.getTime() / 1_000) - 60
  const times = { issuedAt, expiresAt: issuedAt + 30 * DAY }
  const secret = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256))
  const rows = rowsOf(routes, chosen, times, others)
  const ring = ringOf(secret, issuedAt - DAY)
  const text = SigningKey.writeRing(ring)
  const token = tokenOf(secret, times)
  return {
    token,
    secret,
    ring,
    ringReader: { current: async () => ({ text, versionId: '1' }) },
    rows,
    accessRows: inMemory(rows),
    event: eventOf(token, '/api/v1/tenancies/7'),
    now,
  }
}

/** Every read is counted, so that a decision that reads twice is seen. */
export const inMemory = (
  rows: ReadonlyMap<string, Row>,
  counted: (keys: readonly string[]) => void = () => {},
): AccessRowReader => ({
  read: async (keys) => {
    counted(keys)
    return new Map(keys.flatMap((key) => [[key, rows.get(key)] as const]).filter(isPresent))
  },
})

const isPresent = (entry: readonly [string, Row | undefined]): entry is readonly [string, Row] =>
  entry[1] !== undefined

const rowsOf = (
  routes: readonly ProtectedRoute[],
  chosen: readonly ProtectedRoute[],
  times: { readonly issuedAt: number; readonly expiresAt: number },
  others: number,
): ReadonlyMap<string, Row> => {
  const shard = Access.shardOf(TOKEN)
  const elsewhere = Array.from({ length: others }, (_, index) => ({
    apiId: `api_${String(index).padStart(32, '0')}`,
    environment: 'staging',
    routes: [{ method: 'GET', path: '/things/{id}' }],
  }))
  const grants = [
    ...elsewhere,
    { apiId: API, environment: 'staging', routes: chosen.map(({ method, path }) => ({ method, path })) },
  ]
  const binding = {
    apiId: API,
    api: 'housing',
    environment: 'staging',
    routes: routes.map((route) => ({ ...route })),
    authorizerCacheTtlSeconds: 0,
  }
  const fence = {
    'kid#key_0000': { rank: 3, value: { since: '2026-01-01T00:00:00Z' } },
    'consumer#con_0000': { rank: 4, value: null },
  }
  const grant = { consumerId: CONSUMER, consumer: 'Repairs service', kid: KID, ...times, grants }
  return new Map<string, Row>([
    [Access.tokenRowKey(TOKEN), { registers: { grant: { rank: 1, value: grant } } }],
    [
      Access.deploymentRowKey(COORDINATES, shard),
      { registers: { binding: { rank: 1_000_001, value: binding } } },
    ],
    [Access.fenceRowKey(shard), { registers: fence }],
  ])
}

const ringOf = (secret: Buffer, createdAt: number): KeyRing => ({
  keys: [
    {
      kid: KID,
      algorithm: 'HS512',
      secret: new Redacted(secret.toString('base64url')),
      createdAt,
      signsFrom: createdAt,
    },
  ],
})

const tokenOf = (
  secret: Buffer,
  { issuedAt, expiresAt }: { issuedAt: number; expiresAt: number },
): string => {
  const claims = {
    iss: ISSUER,
    sub: CONSUMER,
    client_id: CONSUMER,
    aud: [API],
    jti: TOKEN,
    iat: issuedAt,
    exp: expiresAt,
  }
  const signed = [{ alg: 'HS512', kid: KID, typ: 'at+jwt' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${createHmac('sha512', secret).update(signed).digest('base64url')}`
}

/** As API Gateway sends it, with the headers a browser or a load balancer adds. */
const eventOf = (token: string, path: string): APIGatewayRequestAuthorizerEvent => {
  const headers = {
    Host: 'abc123.execute-api.eu-west-2.amazonaws.com',
    'User-Agent': 'node',
    Accept: 'application/json',
    'Accept-Encoding': 'gzip, deflate',
    'X-Forwarded-For': '203.0.113.7',
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    Authorization: `Bearer ${token}`,
  }
  const { accountId, region, gatewayId, stage } = COORDINATES
  const event = {
    type: 'REQUEST',
    methodArn: `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/GET${path}`,
    resource: '/{proxy+}',
    path,
    httpMethod: 'GET',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    requestContext: { accountId, apiId: gatewayId, stage, httpMethod: 'GET' },
  }
  return event as unknown as APIGatewayRequestAuthorizerEvent
}
