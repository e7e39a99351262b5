import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { consumer, example, issue, publish, SHOW, TENANCIES } from './given.ts'

const DOMAIN = 'housing.example.org'

/** Besides REST APIs with a `REQUEST` authorizer, which every other story is told with. */
const KINDS = [
  {
    shape: 'rest-token',
    gatewayId: 'kindtoken',
    stage: 'staging',
    domains: [{ host: DOMAIN, basePath: '/v1' }],
  },
  { shape: 'http-iam', gatewayId: 'kindiam', stage: 'staging', domains: [] },
  { shape: 'http-simple', gatewayId: 'kindsimple', stage: 'staging', domains: [] },
] as const

describe('an API', async () => {
  const world = await openWorld(KINDS)
  afterAll(() => world.stop())
  const holder = (await consumer(world.client)).id
  for (const { shape, gatewayId, domains } of KINDS) {
    await world.attach(gatewayId, { shape, domains })
    await publish(world.client, gatewayId, {
      document: example('tenancies'),
      at: { ...TENANCIES, gatewayId },
    })
  }

  describe.each(KINDS)('whose authorizer is asked as $shape', ({ gatewayId }) => {
    const at = `/${gatewayId}/staging/api/v1/tenancies`
    const held = () => issue(world, { api: gatewayId, routes: [SHOW], holder })

    it('lets a token through where it was granted, and tells the backend who calls', async () => {
      const { id, secret } = await held()
      const { status, body } = await world.call({ path: `${at}/7`, token: secret })
      expect([status, JSON.parse(body)]).toMatchObject([
        200,
        { caller: { 'token-id': id, 'consumer-id': holder, environment: 'staging' } },
      ])
    })

    it('refuses with 403 what was not granted, and with 401 who has nothing', async () => {
      const { secret } = await held()
      expect((await world.call({ path: at, token: secret })).status).toBe(403)
      expect((await world.call({ path: `${at}/7`, method: 'DELETE', token: secret })).status).toBe(403)
      expect((await world.call({ path: `${at}/7` })).status).toBe(401)
    })

    it("refuses another API's token", async () => {
      const elsewhere = KINDS.find((kind) => kind.gatewayId !== gatewayId)?.gatewayId ?? ''
      const { secret } = await issue(world, { api: elsewhere, routes: [SHOW], holder })
      expect((await world.call({ path: `${at}/7`, token: secret })).status).toBe(403)
    })

    // With which status: the emulator's HTTP APIs answer 500 where an authorizer says `Unauthorized`.
    it('lets a revoked token through no more, from the very next request on', async () => {
      const { id, secret } = await held()
      expect((await world.call({ path: `${at}/7`, token: secret })).status).toBe(200)
      done(await world.client.tokens.revoke(id, { reason: 'compromised' }))
      expect((await world.call({ path: `${at}/7`, token: secret })).status).toBeGreaterThanOrEqual(401)
      const denied = async () =>
        (await world.logged()).find((line) => line.tokenId === id && line.outcome === 'deny')
      await expect
        .poll(denied, { timeout: 30_000 })
        .toMatchObject({ reason: 'token_revoked', gateway: `${gatewayId}/staging` })
    })
  })

  it('is called through a custom domain, whose base path is no part of the route', async () => {
    const { secret } = await issue(world, { api: 'kindtoken', routes: [SHOW], holder })
    const through = async (path: string, token?: string) =>
      (await world.call({ path, host: DOMAIN, ...(token !== undefined && { token }) })).status
    expect(await through('/v1/api/v1/tenancies/7', secret)).toBe(200)
    expect(await through('/v1/api/v1/tenancies', secret)).toBe(403)
    expect(await through('/v1/api/v1/tenancies/7')).toBe(401)
    // Of two base paths, one is the mapping's and the other the API's own.
    expect(await through('/api/v1/tenancies/7', secret)).toBeGreaterThanOrEqual(403)
  })
})
