import { afterAll, describe, expect, it } from 'vitest'
import {
  issue,
  LIST,
  publish,
  SHOW,
  TENANCIES,
  TENANCY,
  TENANCY_LIST,
  tenancies,
} from '../acceptance/given.ts'
import { done, startWorld } from '../support/world.ts'

const CACHE_SECONDS = 300

/** With a cache, what the gateway keeps for a caller is asked about every route of that caller's. */
describe('a policy that the gateway keeps', async () => {
  let now = Date.now()
  let decisions = 0
  const world = await tenancies({
    cacheSeconds: CACHE_SECONDS,
    clock: () => new Date(now),
    log: ({ message, gateway }) => {
      if (message === 'decision' && gateway === 'abc123/staging') decisions += 1
    },
  })
  afterAll(() => world.stop())
  const status = async (token: string, path: string, method = 'GET') =>
    (await world.call({ path, method, token })).status
  const asked = async (work: () => Promise<unknown>) => {
    const before = decisions
    await work()
    return decisions - before
  }

  it('is kept: the authorizer is asked once, the second route of the caller is not refused', async () => {
    const { secret } = await issue(world, { routes: [SHOW, LIST] })
    const questions = await asked(async () => {
      expect(await status(secret, TENANCY)).toBe(200)
      expect(await status(secret, TENANCY_LIST)).toBe(200)
      expect(await status(secret, `${TENANCY}8`)).toBe(200)
    })
    expect(questions).toBe(1)
  })

  it('never opens a second route that was not granted', async () => {
    const { secret } = await issue(world, { routes: [SHOW] })
    const questions = await asked(async () => {
      expect(await status(secret, TENANCY)).toBe(200)
      expect(await status(secret, TENANCY_LIST)).toBe(403)
      expect(await status(secret, `${TENANCY}/payments`)).toBe(403)
      expect(await status(secret, TENANCY_LIST, 'POST')).toBe(403)
      expect(await status(secret, TENANCY)).toBe(200)
    })
    expect(questions).toBe(1)
  })

  it('that begins with a refusal does not refuse what is granted', async () => {
    const { secret } = await issue(world, { routes: [SHOW] })
    expect(await status(secret, TENANCY_LIST)).toBe(403)
    expect(await status(secret, TENANCY)).toBe(200)
  })

  it("is not another caller's, nor another API's", async () => {
    const { secret } = await issue(world, { routes: [SHOW] })
    const other = await issue(world, { routes: [LIST] })
    expect(await status(secret, TENANCY)).toBe(200)
    expect(await status(other.secret, TENANCY)).toBe(403)
    expect(await status(secret, '/def456/staging/api/v1/tenancies/7')).toBe(403)
  })

  it('is none for a 401: a token that arrives late is accepted the moment it is there', async () => {
    const consumer = world.token.consumer
    const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
    expect(await status('eyJhbGciOiJub25lIn0.e30.AA', TENANCY)).toBe(401)
    const { token = '' } = done(await world.client.tokens.issue({ consumer, grants }))
    await world.settled()
    expect(await status(token, TENANCY)).toBe(200)
  })

  it('outlives the revocation until `enforcedBy`, as was said, and not a moment longer', async () => {
    const { secret, id } = await issue(world)
    expect(await status(secret, TENANCY)).toBe(200)
    const { enforcedBy, revokedAt } = done(await world.client.tokens.revoke(id, { reason: 'requested' }))
    expect(Date.parse(enforcedBy) - Date.parse(revokedAt ?? '')).toBe(CACHE_SECONDS * 1_000)
    now = Date.parse(enforcedBy)
    expect(await status(secret, TENANCY)).toBe(401)
  })

  it('lives as long as `enforcedBy` says when the cache time was shortened after it was kept', async () => {
    const { secret, id } = await issue(world)
    expect(await status(secret, TENANCY)).toBe(200)
    const shortened = { ...TENANCIES, authorizerCacheTtlSeconds: 1 }
    done(await world.client.apis.deploy('tenancies', 'staging', shortened))
    await world.settled()
    const { enforcedBy } = done(await world.client.tokens.revoke(id, { reason: 'requested' }))
    now = Date.parse(enforcedBy)
    expect(await status(secret, TENANCY)).toBe(401)
    const again = { ...TENANCIES, authorizerCacheTtlSeconds: CACHE_SECONDS }
    done(await world.client.apis.deploy('tenancies', 'staging', again))
    await world.settled()
  })

  it('that does not exist yet is not made by a revoked token', async () => {
    const { secret, id } = await issue(world)
    done(await world.client.tokens.revoke(id, { reason: 'requested' }))
    expect(await status(secret, TENANCY)).toBe(401)
  })

  it('is not asked any more once the API is closed', async () => {
    const { secret } = await issue(world)
    expect(await status(secret, TENANCY)).toBe(200)
    done(await world.client.apis.deregister('tenancies'))
    expect(await status(secret, TENANCY)).toBe(403)
  })
})

describe('without a cache', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())

  it('a revocation is enforced by the instant of its answer, with eight callers at it', async () => {
    const { secret, id } = await issue(world)
    let acknowledged = false
    let late = 0
    const caller = async () => {
      for (let call = 0; call < 25; call++) {
        const startedAfter = acknowledged
        const { status } = await world.call({ path: TENANCY, token: secret })
        if (startedAfter && status !== 401) late += 1
      }
    }
    const callers = Array.from({ length: 8 }, caller)
    const revoked = done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
    acknowledged = true
    await Promise.all([...callers, caller()])
    expect(revoked.enforcedBy).toBe(revoked.revokedAt)
    expect(late).toBe(0)
  })
})

describe('a policy that has no room for all that a token opens', async () => {
  const names = Array.from({ length: 150 }, (_, index) => `/a-collection-with-a-long-name-${index}/{id}`)
  const parameters = [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }]
  const get = {
    'x-countersign-authorization': 'token',
    parameters,
    responses: { 200: { description: 'ok' } },
  }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Large', version: '1' },
    paths: Object.fromEntries(names.map((path) => [path, { get }])),
  }
  const byRoute = ['method.request.header.Authorization', 'context.httpMethod', 'context.path']
  const world = await startWorld({ gateways: [{ gatewayId: 'byroute', identitySources: byRoute }] })
  afterAll(() => world.stop())

  it.each([
    ['byroute', 'opens each of its routes where answers are kept by route', 200],
    [
      'bycaller',
      'opens the route that was asked alone where they are kept by caller: the least that is safe',
      403,
    ],
  ])('at %s %s', async (gatewayId, _, second) => {
    const at = { ...TENANCIES, gatewayId }
    await publish(world.client, gatewayId, { document, at, cacheSeconds: CACHE_SECONDS })
    const { secret: token } = await issue(world, {
      api: gatewayId,
      routes: names.map((path) => `GET ${path}`),
    })
    const status = async (name: string) =>
      (await world.call({ path: `/${gatewayId}/staging${name.replace('{id}', '7')}`, token })).status
    const [one = '', other = ''] = names
    expect([await status(one), await status(other), await status(one)]).toEqual([200, second, 200])
  })
})
