import { readFileSync } from 'node:fs'
import { parseCredentials } from '@countersign/local/gateway'
import { afterAll, describe, expect, it } from 'vitest'
import { signedBySdk } from '../../packages/local/src/gateway/signing.fixture.ts'
import { only } from '../support/only.ts'
import { done, startWorld } from '../support/world.ts'
import { consumer, issue, publish, TENANCIES } from './given.ts'

/** One API whose routes are protected in every way there is. */
const MIXED = {
  openapi: '3.1.0',
  info: { title: 'Mixed', version: '1' },
  paths: Object.fromEntries(
    [
      ['/tenancies/{id}', 'token'],
      ['/tenancies', 'token'],
      ['/files/{proxy+}', 'token'],
      ['/cases', 'group'],
      ['/shared', ['token', 'group']],
      ['/reports', 'iam'],
      ['/keyed', 'api-key'],
      ['/status', 'open'],
    ].map(([path, authorization]) => [
      path,
      {
        'x-countersign-authorization': authorization,
        get: {
          ...(/\{/.test(String(path)) && {
            parameters: [
              {
                name: path === '/tenancies/{id}' ? 'id' : 'proxy+',
                in: 'path',
                required: true,
                schema: { type: 'string' },
              },
            ],
          }),
          responses: { 200: { description: 'ok' } },
        },
      },
    ]),
  ),
}

const PLACES = [
  { shape: 'rest-request', gatewayId: 'aaa111', stage: 'staging', base: '/aaa111/staging' },
  { shape: 'rest-token', gatewayId: 'bbb222', stage: 'staging', base: '/bbb222/staging' },
  { shape: 'http-iam', gatewayId: 'ccc333', stage: '$default', base: '/ccc333' },
  { shape: 'http-iam', gatewayId: 'ddd444', stage: 'staging', base: '/ddd444/staging' },
  { shape: 'http-simple', gatewayId: 'eee555', stage: '$default', base: '/eee555' },
] as const

const ORIGIN = 'https://app.example.org'
const GRANTED = ['GET /tenancies/{id}', 'GET /files/{proxy+}', 'GET /shared']

const shapes = async () => {
  const reasons: unknown[] = []
  const world = await startWorld({
    gateways: PLACES.map(({ shape, gatewayId, stage }) => ({
      shape,
      gatewayId,
      stage,
      cors: {
        allowOrigins: [ORIGIN],
        allowMethods: ['GET'],
        allowHeaders: ['authorization'],
        maxAgeSeconds: 60,
      },
      domains: [{ host: `${gatewayId}.example.org`, basePath: '/v1' }],
    })),
    log: ({ message, reason }) => void (message === 'decision' && reasons.push(reason)),
  })
  afterAll(() => world.stop())
  const holder = (await consumer(world.client)).id
  for (const { gatewayId, stage } of PLACES)
    await publish(world.client, gatewayId, { document: MIXED, at: { ...TENANCIES, gatewayId, stage } })
  const credentials = parseCredentials(readFileSync(world.platform.awsCredentialsFile, 'utf8')) ?? []
  const [lasting, temporary] = credentials

  describe.each(PLACES)('with $shape at the stage $stage', async ({ gatewayId, shape, base }) => {
    const isRest = shape.startsWith('rest')
    const held = await issue(world, { api: gatewayId, routes: GRANTED, holder })
    const call = (path: string, token?: string, rawHeaders: readonly string[] = [], method = 'GET') =>
      world.call({ path: `${base}${path}`, method, rawHeaders, ...(token !== undefined && { token }) })
    const status = async (...asked: Parameters<typeof call>) => (await call(...asked)).status

    it('lets a token through where it was granted, and tells the backend who calls', async () => {
      const called = await call('/tenancies/7', held.secret)
      expect(called.status).toBe(200)
      expect(JSON.parse(called.body)).toMatchObject({
        path: '/tenancies/7',
        caller: { 'token-id': held.id, 'consumer-id': holder, environment: 'staging' },
      })
      expect(await status('/files/a/b%20c/d.txt', held.secret)).toBe(200)
      expect(await status('/shared', held.secret)).toBe(200)
    })

    it.each([
      ['a route that was not granted', '/tenancies', 403],
      ['a route of people', '/cases', 403],
      ['what is no route', '/elsewhere', 403],
      ['a slash too many', '/tenancies/7/', 403],
      ['an encoded slash', '/tenancies/7%2Fpayments', 403],
      ['a dot segment', '/files/../tenancies', 403],
      ['another spelling of its own route', '/%74enancies', 403],
      ['a route of API keys', '/keyed', isRest ? 401 : 403],
      ['a route of IAM', '/reports', 403],
    ])('refuses %s to it', async (_, path, expected) => {
      expect(await status(path, held.secret)).toBe(expected)
    })

    it('refuses who has no credential without asking the authorizer, and who has a bad one', async () => {
      const before = reasons.length
      const nothing = await call('/tenancies/7')
      expect([nothing.status, reasons.length - before]).toEqual([401, 0])
      const garbage = await call('/tenancies/7', 'garbage')
      expect([garbage.status, reasons.at(-1)]).toEqual([401, 'token_malformed'])
      for (const { body, headers } of [nothing, garbage]) {
        expect(JSON.parse(body)).toEqual({ message: 'Unauthorized' })
        expect(headers['www-authenticate']).toBe(
          isRest ? 'Bearer realm="countersign", error="invalid_token"' : undefined,
        )
      }
    })

    it('refuses a token that comes twice, or beside anything else', async () => {
      const bearer = `Bearer ${held.secret}`
      for (const twice of [
        ['Authorization', bearer, 'authorization', bearer],
        ['Authorization', `${bearer}, ${bearer}`],
        ['Authorization', `${bearer},Basic x`],
        ['Authorization', bearer, 'Authorization', 'Basic x'],
      ]) {
        const expected = shape === 'rest-token' && twice[3] === bearer ? 200 : 401
        expect(await status('/tenancies/7', undefined, twice)).toBe(expected)
      }
      expect(await status(`/tenancies/7?authorization=${held.secret}`)).toBe(401)
      expect(await status('/tenancies/7', undefined, ['Cookie', `authorization=${bearer}`])).toBe(401)
    })

    it('opens what is open, and an `iam` route to who signs for it', async () => {
      expect(await status('/status')).toBe(200)
      expect(await status('/status', 'garbage')).toBe(200)
      const unsigned = await call('/reports')
      const message = isRest ? 'Missing Authentication Token' : 'Forbidden'
      expect([unsigned.status, JSON.parse(unsigned.body)]).toEqual([403, { message }])
      for (const credential of [lasting, temporary]) {
        if (!credential) throw new Error('there are no local credentials')
        const { path, headers } = await signedBySdk(
          { host: new URL(world.gateway).host, path: `${base}/reports` },
          credential,
        )
        const called = await world.call({ path, rawHeaders: withoutHost(headers) })
        expect(called.status).toBe(200)
        expect(JSON.parse(called.body).caller['user-arn']).toMatch(/^arn:aws:(iam|sts)::111111111111:/)
        const elsewhere = await world.call({ path: `${base}/keyed`, rawHeaders: withoutHost(headers) })
        expect(elsewhere.status).not.toBe(200)
        // Signed for another path: the signature says nothing about this one.
        expect((await world.call({ path: `${path}?a=1`, rawHeaders: withoutHost(headers) })).status).toBe(403)
      }
    })

    it('opens an `iam` route to a presigned query', async () => {
      if (!temporary) throw new Error('there are no local credentials')
      const signed = await signedBySdk(
        { host: new URL(world.gateway).host, path: `${base}/reports`, query: { q: 'a b' }, expiresIn: 60 },
        temporary,
      )
      expect((await world.call({ path: `${signed.path}?${signed.query}` })).status).toBe(200)
      expect(
        (await world.call({ path: `${signed.path}?${signed.query.replace('a%20b', 'c')}` })).status,
      ).toBe(403)
    })

    it('answers a preflight by itself, with no credential and with any', async () => {
      const before = reasons.length
      const preflight = ['Origin', ORIGIN, 'Access-Control-Request-Method', 'GET']
      for (const path of ['/tenancies/7', '/cases', '/reports', '/keyed']) {
        for (const token of [undefined, 'garbage', held.secret]) {
          const { status, headers } = await call(path, token, preflight, 'OPTIONS')
          expect(status).toBe(isRest ? 200 : 204)
          expect(headers).toMatchObject({
            'access-control-allow-origin': ORIGIN,
            'access-control-allow-methods': 'GET',
            'access-control-allow-headers': 'authorization',
            'access-control-max-age': '60',
          })
        }
      }
      expect(reasons.length).toBe(before)
    })

    it('lets no other origin and no other method through a preflight', async () => {
      const other = ['Origin', 'https://evil.example', 'Access-Control-Request-Method', 'GET']
      const { headers } = await call('/tenancies/7', undefined, other, 'OPTIONS')
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(await status('/tenancies/7', undefined, ['Origin', ORIGIN], 'POST')).toBe(401)
      expect(await status('/nowhere', undefined, other.slice(0, 2), 'OPTIONS')).toBe(isRest ? 403 : 404)
    })

    it('is called through a custom domain, whose base path is no part of the route', async () => {
      const through = (path: string, token: string | undefined, host = `${gatewayId}.example.org`) =>
        world.call({ path, host, ...(token !== undefined && { token }) })
      const called = await through('/v1/tenancies/7', held.secret)
      expect([called.status, JSON.parse(called.body).path]).toEqual([200, '/tenancies/7'])
      expect((await through('/v1/tenancies', held.secret)).status).toBe(403)
      expect((await through('/v1/tenancies/7', undefined)).status).toBe(401)
      for (const path of ['/tenancies/7', '/v2/tenancies/7', '/v1x/tenancies/7', `${base}/tenancies/7`])
        expect((await through(path, held.secret)).status).toBe(403)
    })

    it("is called at API Gateway's own kind of address", async () => {
      const path = `${base.replace(`/${gatewayId}`, '')}/tenancies/7`
      const host = `${gatewayId}.execute-api.eu-west-2.amazonaws.com`
      expect((await world.call({ path, host, token: held.secret })).status).toBe(200)
      expect((await world.call({ path, host })).status).toBe(401)
    })

    it('refuses the very next request after a revocation', async () => {
      const other = await issue(world, { api: gatewayId, routes: GRANTED, holder })
      expect(await status('/tenancies/7', other.secret)).toBe(200)
      done(await world.client.tokens.revoke(other.id, { reason: 'requested' }))
      expect(await status('/tenancies/7', other.secret)).toBe(401)
    })

    it("lets no other API's token through", async () => {
      const elsewhere = PLACES.find((place) => place.gatewayId !== gatewayId)?.gatewayId ?? ''
      const stranger = await issue(world, { api: elsewhere, routes: GRANTED, holder })
      expect(await status('/tenancies/7', stranger.secret)).toBe(403)
    })
  })
}

const CACHE_SECONDS = 300

/** Mixed routes, kept answers: what came before changes nothing of what comes after. */
const kept = async () => {
  let now = Date.now()
  const reasons: unknown[] = []
  const world = await startWorld({
    clock: () => new Date(now),
    gateways: PLACES.map(({ shape, gatewayId, stage }) => ({ shape, gatewayId, stage })),
    log: ({ message, reason }) => void (message === 'decision' && reasons.push(reason)),
  })
  afterAll(() => world.stop())
  const holder = (await consumer(world.client)).id
  for (const { gatewayId, stage } of PLACES)
    await publish(world.client, gatewayId, {
      document: MIXED,
      at: { ...TENANCIES, gatewayId, stage },
      cacheSeconds: CACHE_SECONDS,
    })

  const EXPECTED = {
    '/tenancies/7': 200,
    '/tenancies/8': 200,
    '/tenancies': 403,
    '/files/a/b': 200,
    '/cases': 403,
    '/shared': 200,
    '/reports': 403,
    '/status': 200,
    '/elsewhere': 403,
  }

  describe.each(PLACES.filter(({ shape }) => shape !== 'http-simple'))(
    'of $shape at the stage $stage',
    ({ gatewayId, base }) => {
      it.each([1, -1])('is right for every route, in whatever order they are asked (%d)', async (order) => {
        const { secret, id } = await issue(world, { api: gatewayId, routes: GRANTED, holder })
        const paths = Object.entries(EXPECTED)
        const before = reasons.length
        for (const [path, expected] of order > 0 ? paths : paths.toReversed())
          expect([path, (await world.call({ path: `${base}${path}`, token: secret })).status]).toEqual([
            path,
            expected,
          ])
        expect(reasons.length - before).toBe(1)
        const { enforcedBy } = done(await world.client.tokens.revoke(id, { reason: 'requested' }))
        now = Date.parse(enforcedBy)
        expect((await world.call({ path: `${base}/tenancies/7`, token: secret })).status).toBe(401)
      })
    },
  )

  it('of a simple response is none: what is registered with a cache is refused, and the log says why', async () => {
    const { secret } = await issue(world, { api: 'eee555', routes: GRANTED, holder })
    expect((await world.call({ path: '/eee555/tenancies/7', token: secret })).status).toBe(403)
    expect(reasons.at(-1)).toBe('answer_not_cacheable')
  })
}

const withoutHost = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(headers).flatMap(([name, value]) => (name === 'host' ? [] : [name, value]))

only(
  'local',
  "the emulator's gateway verifies no signature, answers OPTIONS of HTTP APIs whatever they are, and says 500 where an HTTP API's authorizer says Unauthorized; gateway-kinds tells of the shapes what it can",
  'the gateway in every shape',
  () => {
    describe('the gateway', shapes)
    describe('an answer that the gateway keeps', kept)
  },
)
