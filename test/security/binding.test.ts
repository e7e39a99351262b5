import { make } from '@countersign/functions/authorizer/authorize'
import { evaluatePolicy } from '@countersign/local'
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { issue, publish, REPAIRS, SHOW, TENANCIES, TENANCY, tenancies } from '../acceptance/given.ts'
import { asking } from '../acceptance/one-machine.ts'
import { done } from '../support/world.ts'
import { ask, problemIn } from './given.ts'

const arn = (part: Partial<typeof TENANCIES & { method: string; path: string }> = {}) => {
  const {
    accountId,
    region,
    gatewayId,
    stage,
    method = 'GET',
    path = '/api/v1/tenancies/7',
  } = { ...TENANCIES, ...part }
  return `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/${method}${path}`
}

/** The token is bound to one API, in one account, region, gateway and stage, and to its routes. */
describe('a token', async () => {
  const lines: unknown[] = []
  const world = await tenancies()
  afterAll(() => world.stop())
  const { secret } = world.token
  const authorize = make({ ...world.platform.services, log: ({ reason }) => void lines.push(reason) })
  const asked = async (methodArn: string, more: object = {}) => {
    const event = { ...asking(methodArn, { Authorization: `Bearer ${secret}` }), ...more }
    const { policyDocument } = await authorize(event as APIGatewayRequestAuthorizerEvent)
    return [evaluatePolicy(policyDocument, methodArn), lines.at(-1)]
  }

  it('is allowed where it was issued for', async () => {
    expect(await asked(arn())).toEqual(['allow', undefined])
  })

  it.each([
    ['another account', { accountId: '222222222222' }, 'deployment_unknown'],
    ['another region', { region: 'us-east-1' }, 'deployment_unknown'],
    ['another stage', { stage: 'production' }, 'deployment_unknown'],
    ['an unregistered gateway', { gatewayId: 'nobody' }, 'deployment_unknown'],
    ['another registered API', { gatewayId: 'def456', path: '/api/v1/repairs/7' }, 'audience_mismatch'],
    ['the same path on another registered API', { gatewayId: 'def456' }, 'audience_mismatch'],
    ['another route', { path: '/api/v1/tenancies' }, 'route_not_granted'],
    ['another method', { method: 'POST', path: '/api/v1/tenancies' }, 'route_not_granted'],
    ['a method that is not registered', { method: 'DELETE' }, 'route_unknown'],
  ])('is refused in %s', async (_, change, reason) => {
    expect(await asked(arn(change))).toEqual(['explicit-deny', reason])
  })

  it.each([
    ['account', { accountId: '222222222222' }],
    ['gateway', { apiId: 'def456' }],
    ['stage', { stage: 'production' }],
    ['method', { httpMethod: 'POST' }],
  ])('is refused when the request context tells of another %s than the ARN', async (_, requestContext) => {
    expect(await asked(arn(), { requestContext })).toEqual(['explicit-deny', 'coordinates_mismatch'])
  })

  it.each([
    '',
    'arn',
    'arn:aws:execute-api:eu-west-2:1:abc123/staging/GET/x',
    arn().replace('execute-api', 's3'),
  ])('is refused for what is no ARN of a method: "%s"', async (methodArn) => {
    expect(await asked(methodArn)).toEqual(['explicit-deny', 'coordinates_mismatch'])
  })

  it('for one environment of an API does not open another one of it', async () => {
    const development = { ...TENANCIES, stage: 'development' }
    done(await world.client.apis.deploy('tenancies', 'development', development))
    await world.settled()
    expect(await asked(arn({ stage: 'development' }))).toEqual(['explicit-deny', 'api_not_granted'])
    const other = await issue(world, { environment: 'development' })
    expect((await world.call({ path: TENANCY, token: other.secret })).status).toBe(403)
    expect(
      (await world.call({ path: TENANCY.replace('staging', 'development'), token: other.secret })).status,
    ).toBe(200)
  })

  it('for two APIs opens both, and no more', async () => {
    const grants = [
      { api: 'tenancies', environment: 'staging', routes: [SHOW] },
      { api: 'repairs', environment: 'staging', routes: ['GET /api/v1/repairs/{id}'] },
    ]
    const both = done(await world.client.tokens.issue({ consumer: world.token.consumer, grants }))
    await world.settled()
    const status = async (path: string) =>
      (await world.call({ path, ...(both.token && { token: both.token }) })).status
    expect(await status(TENANCY)).toBe(200)
    expect(await status('/def456/staging/api/v1/repairs/7')).toBe(200)
    expect(await status('/abc123/staging/api/v1/tenancies')).toBe(403)
    expect(await status('/def456/staging/api/v1/tenancies/7')).toBe(403)
  })

  it('follows its API to another account, where the URL of the gateway is the same', async () => {
    const { secret: token } = await issue(world, { api: 'repairs', routes: ['GET /api/v1/repairs/{id}'] })
    const status = async () => (await world.call({ path: '/def456/staging/api/v1/repairs/7', token })).status
    expect(await status()).toBe(200)
    const moved = { ...REPAIRS, accountId: '222222222222' }
    done(await world.client.apis.deploy('repairs', 'staging', moved))
    await world.settled()
    expect(await status()).toBe(200)
  })
})

describe('a route that is not for tokens', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const say = (authorization: string) => ({
    get: { responses: { 200: { description: 'ok' } }, 'x-countersign-authorization': authorization },
  })
  const document = {
    openapi: '3.0.3',
    info: { title: 'Mixed', version: '1' },
    paths: {
      '/iam': say('iam'),
      '/open': say('open'),
      '/keyed': say('api-key'),
      '/grouped': say('group'),
      '/silent': { get: { responses: { 200: { description: 'ok' } } } },
      '/unprotected': { get: { security: [], responses: { 200: { description: 'ok' } } } },
      '/token': say('token'),
    },
  }
  await publish(world.client, 'mixed', { document, at: { ...REPAIRS, gatewayId: 'mixed' } })
  await world.settled()
  const { secret: token } = await issue(world, { api: 'mixed', routes: ['GET /token'] })
  const status = async (path: string, credential?: string) =>
    (await world.call({ path: `/mixed/staging${path}`, ...(credential && { token: credential }) })).status

  it('stays shut to a good token, whatever protects it', async () => {
    expect(await status('/token', token)).toBe(200)
    expect(await status('/iam', token)).toBe(403)
    expect(await status('/keyed', token)).toBe(401)
    expect(await status('/grouped', token)).toBe(403)
  })

  it('is open only when that was said in so many words', async () => {
    expect(await status('/open')).toBe(200)
    expect(await status('/silent')).toBe(403)
    expect(await status('/unprotected')).toBe(403)
    expect(await status('/silent', token)).toBe(403)
  })

  it.each(['iam', 'open', 'keyed', 'grouped', 'silent', 'unprotected'])(
    'gets no token: /%s',
    async (path) => {
      const body = {
        consumer: world.token.consumer,
        grants: [{ api: 'mixed', environment: 'staging', routes: [`GET /${path}`] }],
      }
      const problem = problemIn(await ask(world, 'POST /tokens', { token: world.credential, body }))
      expect(problem).toMatchObject({
        status: 400,
        code: 'route_not_token_protected',
        errors: [{ pointer: '/grants/0/routes/0' }],
      })
    },
  )

  it('stays shut to a token that was issued while the route was one for tokens', async () => {
    const wasToken = await issue(world, { api: 'mixed', routes: ['GET /token'] })
    const closed = { ...document, paths: { ...document.paths, '/token': say('iam') } }
    done(await world.client.apis.publish('mixed', { owner: 'housing', openapi: closed }))
    expect(await status('/token', wasToken.secret)).toBe(403)
  })
})
