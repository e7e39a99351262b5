import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTestGateway } from '@countersign/local/gateway'
import { afterAll, describe, expect, it } from 'vitest'
import { lettings } from './lettings.ts'

const gateway = await startTestGateway({
  openapi: readFileSync(join(import.meta.dirname, 'openapi.yaml'), 'utf8'),
  upstream: lettings,
})
afterAll(() => gateway.close())

/** What the document says of every route, said once more here: a change of either shows. */
it('is protected as we mean it to be', () => {
  expect(gateway.routes).toEqual([
    { method: 'GET', path: '/lettings/{id}', authorization: 'token' },
    { method: 'DELETE', path: '/lettings/{id}', authorization: 'token' },
    { method: 'GET', path: '/lettings', authorization: 'token' },
    { method: 'GET', path: '/visits', authorization: 'group' },
    { method: 'GET', path: '/reports/nightly', authorization: 'iam' },
    { method: 'GET', path: '/health', authorization: 'open' },
  ])
})

describe('a caller without a token', () => {
  it.each(gateway.routes.filter(({ authorization }) => authorization !== 'open'))(
    'is refused at $method $path',
    async ({ method, path, authorization }) => {
      const { status } = await gateway.fetch(path.replace('{id}', '7'), { method })
      expect(status).toBe(authorization === 'iam' ? 403 : 401)
    },
  )

  it('may ask whether we are up', async () => {
    expect((await gateway.fetch('/health')).status).toBe(200)
  })
})

describe('a caller with a token for one letting at a time', async () => {
  const token = await gateway.token({ routes: ['GET /lettings/{id}'], consumer: 'Repairs' })
  const status = async (path: string, method = 'GET') => (await gateway.fetch(path, { method, token })).status

  it('gets the letting, and we are told who asks', async () => {
    const response = await gateway.fetch('/lettings/7', { token })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ path: '/lettings/7', caller: 'Repairs' })
  })

  it.each([
    ['GET', '/lettings'],
    ['DELETE', '/lettings/7'],
    ['GET', '/lettings/7/tenants'],
    ['GET', '/lettings/7%2F..%2F8'],
    ['GET', '/reports/nightly'],
  ])('is refused %s %s', async (method, path) => {
    expect(await status(path, method)).toBe(403)
  })

  it('can be told why, here and nowhere else', async () => {
    await gateway.fetch('/lettings', { token })
    expect(gateway.decisions.at(-1)).toMatchObject({ outcome: 'deny', reason: 'route_not_granted' })
  })
})

describe('a token', () => {
  it('is refused from the next request on once it is revoked', async () => {
    const token = await gateway.token()
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(200)
    await gateway.revoke(token)
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(401)
  })

  it('is refused while it is disabled', async () => {
    const token = await gateway.token()
    await gateway.disable(token)
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(401)
    await gateway.enable(token)
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(200)
  })

  it('is refused when its time is over', async () => {
    const token = await gateway.token({ expiresIn: '15m' })
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(200)
    gateway.advance('16m')
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(401)
  })

  it('is refused with everything else its holder has, once that one is suspended', async () => {
    const token = await gateway.token()
    await gateway.suspend(token.consumer)
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(401)
  })
})

describe('a person', async () => {
  await gateway.accessRules([{ group: 'letting-officers', routes: ['GET /visits'] }])

  it('sees the visits as a member of the group, until they sign out', async () => {
    const ada = await gateway.session({ name: 'ada', groups: ['letting-officers'] })
    expect((await gateway.fetch('/visits', { token: ada })).status).toBe(200)
    expect((await gateway.fetch('/lettings/7', { token: ada })).status).toBe(403)
    await gateway.signOut(ada)
    expect((await gateway.fetch('/visits', { token: ada })).status).toBe(401)
  })

  it('sees nothing as a member of others', async () => {
    const mallory = await gateway.session({ groups: ['gardeners'] })
    expect((await gateway.fetch('/visits', { token: mallory })).status).toBe(403)
  })
})

describe('a partner that signs its own tokens', async () => {
  const partner = await gateway.signer({ routes: ['GET /lettings'] })

  it('opens what it was given, for minutes', async () => {
    const token = partner.sign()
    expect((await gateway.fetch('/lettings', { token })).status).toBe(200)
    expect((await gateway.fetch('/lettings/7', { token })).status).toBe(403)
    expect((await gateway.fetch('/lettings', { token: partner.sign({ exp: undefined }) })).status).toBe(401)
  })
})
