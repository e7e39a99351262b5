import { createHmac } from 'node:crypto'
import { Access, type AccessRowReader } from '@countersign/core/access'
import type { Authorization, ProtectedRoute, Route, Row } from '@countersign/core/shared'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { make } from '@countersign/functions/authorizer/authorize'
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { iamAllows, picked } from './models.ts'
import { grants, registry, requestsFor, scene } from './registries.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)
const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'
const ISSUER = 'https://countersign.example'
const NOW = new Date('2026-06-01T00:00:00Z')
const ISSUED = NOW.getTime() / 1_000 - 60
const SECRET = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256))
const TIMES = { createdAt: 0, signsFrom: 0 }
const KEY = {
  kid: 'key_1',
  algorithm: 'HS512',
  secret: new Redacted(SECRET.toString('base64url')),
  ...TIMES,
} as const
const RING = SigningKey.writeRing({ keys: [KEY] })

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const CLAIMS = {
  iss: ISSUER,
  sub: 'con_1',
  client_id: 'con_1',
  aud: ['api_1'],
  jti: 'tok_1',
  iat: ISSUED,
  exp: ISSUED + 3_600,
}
const SIGNED = `${encode({ alg: 'HS512', kid: 'key_1', typ: 'at+jwt' })}.${encode(CLAIMS)}`
const TOKEN = `${SIGNED}.${createHmac('sha512', SECRET).update(SIGNED).digest('base64url')}`

const row = (register: string, value: object): Row => ({
  registers: { [register]: { rank: 1, value: JSON.parse(JSON.stringify(value)) } },
})

/** A registry and a token's grant as the read model has them, one copy for every shard. */
const rowsOf = (routes: readonly ProtectedRoute[], granted: readonly Route[]): AccessRowReader => {
  const where = { apiId: 'api_1', environment: 'staging' }
  const binding = row('binding', { ...where, api: 'a', routes, authorizerCacheTtlSeconds: 300 })
  const token = row('grant', {
    consumerId: 'con_1',
    consumer: 'c',
    kid: 'key_1',
    issuedAt: ISSUED,
    expiresAt: ISSUED + 3_600,
    grants: [{ ...where, routes: granted }],
  })
  const held = (key: string) =>
    key.startsWith('token#') ? token : key.startsWith('deployment#') ? binding : undefined
  return {
    read: async (keys) =>
      new Map(
        keys.flatMap((key) => {
          const found = held(key)
          return found ? [[key, found] as const] : []
        }),
      ),
  }
}

const authorizerOf = (routes: readonly ProtectedRoute[], granted: readonly Route[]) => {
  const authorize = make({
    clock: () => NOW,
    newId: (kind) => `${kind}_1` as never,
    log: () => {},
    settings: { issuer: ISSUER, ringRefreshSeconds: 3_600 },
    keyRing: { current: async () => ({ text: RING, versionId: '1' }) },
    consumerKeyRings: () => ({ current: async () => undefined }),
    accessRows: rowsOf(routes, granted),
  })
  return (arn: string) => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    return authorize({
      type: 'REQUEST',
      methodArn: arn,
      headers,
    } as unknown as APIGatewayRequestAuthorizerEvent)
  }
}

/** What the token is for, told from registry and grant by the independent models alone; undefined where several could be meant. */
const isMeant = (
  routes: readonly ProtectedRoute[],
  granted: readonly Route[],
  method: string,
  path: string,
) => {
  const answers = new Set(picked(routes, method, path).map((route) => isOpen(route, granted, method)))
  return answers.size === 1 ? answers.has(true) : undefined
}

const forTokens: readonly Authorization[] = ['token', 'token+group']

const isOpen = (route: ProtectedRoute, granted: readonly Route[], method: string): boolean =>
  forTokens.includes(route.authorization) &&
  granted.some((grant) => {
    const same =
      Access.routeShape({ ...grant, method: 'GET' }) === Access.routeShape({ ...route, method: 'GET' })
    return same && (grant.method === 'ANY' || grant.method === method)
  })

const permits = ({ policyDocument }: APIGatewayAuthorizerResult, arn: string) =>
  iamAllows(policyDocument as unknown as Parameters<typeof iamAllows>[0], arn)

interface Asked {
  readonly method: string
  readonly path: string
}

/** Each request is asked for; its answer is kept, as API Gateway keeps it, and meets all the others. */
const meet = async (
  routes: readonly ProtectedRoute[],
  granted: readonly Route[],
  requests: readonly Asked[],
  seen: { allowed: number; refused: number; kept: number },
) => {
  const authorize = authorizerOf(routes, granted)
  const meant = requests.map(({ method, path }) => isMeant(routes, granted, method, path))
  for (const [index, { method, path }] of requests.entries()) {
    const asked = `${STAGE}/${method}${path}`
    const answer = await authorize(asked)
    const own = permits(answer, asked)
    if (own) seen.allowed += 1
    else seen.refused += 1
    if (meant[index] !== undefined) expect({ asked, own }).toEqual({ asked, own: meant[index] })
    for (const [other, later] of requests.entries()) {
      if (meant[other] !== false) continue
      const arn = `${STAGE}/${later.method}${later.path}`
      expect({ asked, arn, permitted: permits(answer, arn) }).toEqual({ asked, arn, permitted: false })
      seen.kept += 1
    }
  }
}

/** What no decision lets through, spelt from a path that one may. */
const climbing = (path: string): readonly string[] =>
  ['/..', '/../admin', '/..;/admin', '/./x', '/.', '//x', '/%2e%2e/x', '/%2E./x', '%2fx', '%5C..', '%00'].map(
    (tail) => path + tail,
  )

const LONG = Array.from({ length: 40 }, (_, index) => `resource-with-a-rather-long-name-${index}`)

/** So many long routes that a policy which lists them is larger than API Gateway takes. */
const large = fc
  .tuple(registry, fc.subarray(LONG, { minLength: 30 }), fc.constantFrom('{x}', '{x}/{y}', '{proxy+}'))
  .map(([routes, names, tail]): readonly ProtectedRoute[] => [
    ...routes,
    ...names.flatMap((name) =>
      (['token', 'iam'] as const).map((authorization, index) => ({
        method: index === 0 ? ('GET' as const) : ('ANY' as const),
        path: `/long/${'and-longer-'.repeat(9)}/${name}/${tail}`,
        authorization,
      })),
    ),
  ])

const largeScene = large.chain((routes) =>
  fc.record({
    routes: fc.constant(routes),
    granted: fc.oneof(
      fc.constant(routes.map(({ method, path }): Route => ({ method, path }))),
      grants(routes),
    ),
    requests: requestsFor(routes),
  }),
)

const askedOf = (requests: readonly { method: string; segments: readonly string[] }[]): readonly Asked[] =>
  requests.map(({ method, segments }) => ({ method, path: `/${segments.join('/')}` }))

describe(`an answer of the authorizer, kept (seed ${SEED}, COUNTERSIGN_SEED repeats it)`, () => {
  it('allows what it was asked for exactly when the token is for it, and never opens anything else', async () => {
    const seen = { allowed: 0, refused: 0, kept: 0 }
    await fc.assert(
      fc.asyncProperty(scene, ({ routes, granted, requests }) =>
        meet(routes, granted, askedOf(requests.slice(0, 8)), seen),
      ),
      { seed: SEED, numRuns: 600 },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
  })

  it('permits no path that climbs or hides how it is spelt, whatever it was kept for', async () => {
    const seen = { allowed: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(scene, async ({ routes, granted, requests }) => {
        const authorize = authorizerOf(routes, granted)
        const asked = askedOf(requests.slice(0, 6))
        for (const { method, path } of asked) {
          const answer = await authorize(`${STAGE}/${method}${path}`)
          if (permits(answer, `${STAGE}/${method}${path}`)) seen.allowed += 1
          for (const other of asked.flatMap((one) => climbing(one.path))) {
            const arn = `${STAGE}/${method}${other}`
            expect({ path, arn, permitted: permits(answer, arn) }).toEqual({ path, arn, permitted: false })
            seen.refused += 1
          }
        }
      }),
      { seed: SEED, numRuns: 300 },
    )
    expect(seen.allowed).toBeGreaterThan(50)
    expect(seen.refused).toBeGreaterThan(1_000)
  })

  it('does so when the policy of all that is opened is too large, and one route takes its place', async () => {
    const seen = { allowed: 0, refused: 0, kept: 0 }
    let tooLarge = 0
    await fc.assert(
      fc.asyncProperty(largeScene, async ({ routes, granted, requests }) => {
        const table = routes.filter((route) =>
          granted.some((grant) => Access.routeShape(grant) === Access.routeShape(route)),
        )
        const opened = table.flatMap((registered) =>
          forTokens.includes(registered.authorization)
            ? [{ registered, methods: new Set([registered.method]) }]
            : [],
        )
        if (Access.wholePolicy(STAGE, routes, opened) === undefined) tooLarge += 1
        await meet(routes, granted, askedOf(requests.slice(0, 6)), seen)
      }),
      { seed: SEED, numRuns: 60 },
    )
    expect(tooLarge).toBeGreaterThan(10)
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(10)
  })
})
