import { afterAll, describe, expect, it } from 'vitest'
import { issue, secondOperator, selfSigning, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import {
  ask,
  everything,
  expectProblem,
  methodOf,
  protectedRoutes,
  requests,
  routeNames,
  takesForms,
  withApiKey,
  withWebhook,
} from './given.ts'

const CHALLENGE = (error: string) => `Bearer realm="countersign", error="${error}"`

/** Runs over the topology, so that a new route is refused to everybody from its first day. */
describe('the routes of the platform', async () => {
  let now = new Date()
  const world = await tenancies({ clock: () => now })
  afterAll(() => world.stop())
  const { token } = world
  const kid = done(await world.client.signingKeys.list()).items[0]?.kid ?? ''
  const apiKey = await withApiKey(world, token.consumer)
  const signer = (await selfSigning(world)).id
  const webhook = await withWebhook(world)
  const valid = requests({ signer, consumer: token.consumer, token: token.id, kid, apiKey, webhook })
  const api = { api: 'countersign', environment: 'local' }

  const shortLived = await issue(world, { ...api, routes: protectedRoutes, expiresIn: '90s' })
  const revoked = await secondOperator(world, protectedRoutes)
  done(await world.client.tokens.revoke(revoked.id, { reason: 'requested' }))
  const disabled = await secondOperator(world, protectedRoutes)
  done(await world.client.tokens.disable(disabled.id))
  now = new Date(now.getTime() + 120_000)
  const before = await everything(world)

  it('are open where anybody may ask, and nowhere else', () => {
    expect(routeNames.filter((name) => !protectedRoutes.includes(name))).toEqual([
      'GET /.well-known/jwks.json',
      'POST /oauth/token',
      'POST /oauth/revoke',
      'GET /health',
    ])
  })

  const credentials = [
    ['no credential', undefined, 401],
    ['garbage', 'garbage', 401],
    ['garbage of the right shape', 'eyJhbGciOiJIUzUxMiJ9.e30.AA', 401],
    ['a revoked token that opened every route', revoked.secret, 401],
    ['a disabled token that opened every route', disabled.secret, 401],
    ['an expired token that opened every route', shortLived.secret, 401],
    ["another API's token", token.secret, 403],
  ] as const

  describe.each(credentials)('with %s', (_, credential, status) => {
    it.each(protectedRoutes)('refuse %s', async (name) => {
      const { path, ...rest } = valid[name]
      const called = await ask(world, `${methodOf(name)} ${path}`, {
        ...rest,
        ...(credential !== undefined && { token: credential }),
      })
      const [code, error] =
        status === 401 ? ['unauthorized', 'invalid_token'] : ['forbidden', 'insufficient_scope']
      expectProblem(called, status, code)
      expect(called.headers['www-authenticate']).toBe(CHALLENGE(error))
    })
  })

  it('were not changed in the least by any of this', async () => {
    expect(await everything(world)).toEqual(before)
  })

  it.each(protectedRoutes)('refuse %s to a token that opens all but this one', async (name) => {
    const others = protectedRoutes.filter((other) => other !== name)
    const almost = await issue(world, { ...api, routes: others, holder: revoked.consumer })
    const { path, ...rest } = valid[name]
    const seen = await everything(world)
    const called = await ask(world, `${methodOf(name)} ${path}`, { ...rest, token: almost.secret })
    expectProblem(called, 403, 'forbidden')
    expect(called.headers['www-authenticate']).toBe(CHALLENGE('insufficient_scope'))
    expect(await everything(world)).toEqual(seen)
  })

  it.each(protectedRoutes)(
    'let a token for %s alone pass the gateway, up to the malformed body',
    async (name) => {
      const only = await issue(world, { ...api, routes: [name], holder: revoked.consumer })
      const request = { token: only.secret, body: '[' }
      if (takesForms(name)) {
        const called = await ask(world, `${methodOf(name)} ${valid[name].path}`, request)
        expect([called.status, JSON.parse(called.body).error]).toEqual([400, 'invalid_request'])
        return
      }
      expectProblem(await ask(world, `${methodOf(name)} ${valid[name].path}`, request), 400, 'body_malformed')
    },
  )
})
