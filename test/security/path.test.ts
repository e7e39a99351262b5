import { afterAll, describe, expect, it } from 'vitest'
import { issue, publish, TENANCIES } from '../acceptance/given.ts'
import { startWorld } from '../support/world.ts'

const operation = (authorization = 'token') => ({
  responses: { 200: { description: 'ok' } },
  'x-countersign-authorization': authorization,
})

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Paths', version: '1' },
  paths: {
    '/tenancies': { get: operation(), delete: operation() },
    '/tenancies/{id}': { get: operation() },
    '/tenancies/secret': { get: operation() },
    '/tenancies/{id}/notes': { get: operation() },
    '/tenancies-admin/delete': { get: operation() },
    '/admin/tenancies': { get: operation() },
  },
}

/** The opened routes are `GET /tenancies/{id}` alone; `{id}` is one segment, and nothing is interpreted twice. */
describe.each([0, 300])('a path, with an authorizer cache of %i s', async (cacheSeconds) => {
  const world = await startWorld()
  afterAll(() => world.stop())
  await publish(world.client, 'tenancies', { document: DOCUMENT, cacheSeconds })
  await world.settled()
  const { secret: token } = await issue(world, { routes: ['GET /tenancies/{id}'] })
  const status = async (path: string, method = 'GET') => {
    // What is asked after the granted route was allowed meets the policy that the gateway keeps.
    expect((await world.call({ path: '/abc123/staging/tenancies/7', token })).status).toBe(200)
    return (await world.call({ path: `/abc123/staging${path}`, method, token })).status
  }

  it.each(['/tenancies/7', '/tenancies/a-b_c.~', '/tenancies/7?x=/../admin', '/tenancies/7?'])(
    'opens %s',
    async (path) => {
      expect(await status(path)).toBe(200)
    },
  )

  it.each([
    '/tenancies',
    '/tenancies/',
    '/tenancies//',
    '/tenancies/secret',
    '/tenancies/secret/',
    '/tenancies/7/',
    '/tenancies/7/notes',
    '/tenancies/7/notes/',
    '/tenancies/7/anything',
    '/tenancies-admin/delete',
    '/admin/tenancies',
    '/admin/tenancies/7',
    '/TENANCIES/7',
    '/Tenancies/7',
    '/',
    '',
    '//tenancies/7',
    '/./tenancies/7',
    '/tenancies/./7',
    '/tenancies/../tenancies/7',
    '/tenancies/7/../../admin/tenancies',
    '/tenancies/..',
    '/tenancies/%2e%2e',
    '/tenancies/%2E%2E/admin',
    '/tenancies/.%2e/admin/tenancies',
    '/tenancies/%252e%252e/admin',
    '/tenancies/%2e',
    '/tenancies/7%2fnotes',
    '/tenancies/7%2Fnotes',
    '/tenancies%2f7',
    '/tenancies/7%00',
    '/tenancies/%00',
    '/tenancies/7%0a',
    '/tenancies/7%5c..%5cadmin',
    '/tenancies/..\\admin',
    '/tenancies/\\',
    '/tenancies/%zz',
    '/tenancies/%',
    '/tenancies/%c0%ae%c0%ae',
    '/tenancies/..;',
    '/tenancies/..;x=1',
    '/tenancies/.;',
    '/tenancies/%2e%2e;x',
    '/tenancies/..;/admin/tenancies',
    '/tenancies/%ff',
    '/tenancies/*',
    '/tenancies/%2a',
    '/tenancies/%3f',
    '/*',
    '/tenancies/$%7baws:username}',
    '/%74enancies/7/notes',
    '/tenancies;x=1/7',
  ])('does not open %s', async (path) => {
    expect(await status(path)).toBeGreaterThanOrEqual(400)
    expect(await status(path)).toBeLessThan(500)
  })

  it.each(['/tenancies/%73ecret', '/tenancies/secre%74'])(
    'does not open %s, which spells a closed route',
    async (path) => {
      expect(await status(path)).toBe(403)
    },
  )

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE'])(
    'does not open another method: %s',
    async (method) => {
      expect(await status('/tenancies/7', method)).toBeGreaterThanOrEqual(400)
    },
  )

  it.each([
    '/abc123/staging/../production',
    '/abc123/../abc123/staging',
    '/abc123/stag%69ng',
    '/ABC123/staging',
  ])('does not open a stage or a gateway spelt %s', async (prefix) => {
    expect([403, 404]).toContain((await world.call({ path: `${prefix}/tenancies/7`, token })).status)
  })

  it('of another deployment is not opened, the same though it be', async () => {
    await publish(world.client, 'same-paths', { document: DOCUMENT, at: { ...TENANCIES, gatewayId: 'twin' } })
    await world.settled()
    expect((await world.call({ path: '/twin/staging/tenancies/7', token })).status).toBe(403)
  })
})
