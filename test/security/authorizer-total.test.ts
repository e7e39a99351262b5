import { make } from '@countersign/functions/authorizer/authorize'
import { make as makeSimple } from '@countersign/functions/authorizer/authorize-simply'
import { evaluatePolicy } from '@countersign/local'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { tenancies } from '../acceptance/given.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)
const BASE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'

/** What API Gateway takes for an answer; anything else is its 500. */
const expectAnswer = (outcome: unknown): APIGatewayAuthorizerResult => {
  const answer = outcome as APIGatewayAuthorizerResult
  const { principalId, policyDocument, context, ...rest } = answer
  expect([typeof principalId, principalId.length > 0, rest]).toEqual(['string', true, {}])
  expect(policyDocument).toEqual({ Version: '2012-10-17', Statement: expect.any(Array) })
  expect(policyDocument.Statement.length).toBeGreaterThan(0)
  for (const statement of policyDocument.Statement) {
    const { Action, Effect, Resource, ...more } = statement as unknown as Record<string, unknown>
    expect([Action, more]).toEqual(['execute-api:Invoke', {}])
    expect(['Allow', 'Deny']).toContain(Effect)
    expect(Array.isArray(Resource) && Resource.length > 0).toBe(true)
    for (const arn of [Resource].flat()) expect(typeof arn === 'string' && arn.length <= 512).toBe(true)
  }
  for (const told of Object.values(context ?? {})) expect(typeof told).toBe('string')
  expect(Buffer.byteLength(JSON.stringify(policyDocument))).toBeLessThanOrEqual(8_192)
  return answer
}

const expectSimple = (outcome: unknown): void => {
  const { isAuthorized, context, ...rest } = outcome as Readonly<Record<string, unknown>>
  expect([typeof isAuthorized, rest]).toEqual(['boolean', {}])
  for (const told of Object.values(context ?? {})) expect(typeof told).toBe('string')
}

/** Whatever comes in: a policy that API Gateway takes, or exactly `Unauthorized`. */
describe(`the authorizer, for any event (seed ${SEED})`, async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const { secret } = world.token
  const authorize = make(world.platform.services)
  const authorizeSimply = makeSimple(world.platform.services)
  const [header = '', payload = '', signature = ''] = secret.split('.')

  const token = fc.oneof(
    { weight: 3, arbitrary: fc.constant(secret) },
    fc.constantFrom(`${header}.${payload}.`, `.${payload}.${signature}`, `${header}.${payload}`, '..', ''),
    fc.string({ unit: 'binary' }),
    fc
      .tuple(fc.string(), fc.string(), fc.string())
      .map((parts) => parts.map((part) => Buffer.from(part).toString('base64url')).join('.')),
    fc
      .object()
      .map((value) => `${Buffer.from(JSON.stringify(value)).toString('base64url')}.${payload}.${signature}`),
  )
  const value = fc.oneof(
    { weight: 3, arbitrary: token.map((text) => `Bearer ${text}`) },
    token,
    fc.string({ unit: 'binary' }),
  )
  const name = fc.constantFrom(
    'Authorization',
    'authorization',
    'AUTHORIZATION',
    'x-other',
    '__proto__',
    'constructor',
  )
  const headers = fc.oneof(
    { weight: 4, arbitrary: fc.dictionary(name, value) },
    fc.constantFrom(null, undefined, {}),
  )
  const multi = fc.oneof(
    { weight: 1, arbitrary: fc.dictionary(name, fc.array(value)) },
    fc.constantFrom(null, undefined, {}),
  )
  const path = fc.oneof(
    fc.constantFrom('/api/v1/tenancies/7', '/api/v1/tenancies', '/', ''),
    fc.string({ unit: 'binary', maxLength: 700 }).map((text) => `/${text}`),
  )
  const methodArn = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('GET', 'POST', 'HEAD', '*'), path)
        .map(([method, at]) => `${BASE}/${method}${at}`),
    },
    fc.string({ unit: 'binary' }),
    fc.constantFrom(BASE, `${BASE}/`, `${BASE}/GET`, '*', 'arn:*'),
  )
  const requestContext = fc.oneof(
    fc.constantFrom(null, undefined, {}),
    fc.dictionary(fc.constantFrom('apiId', 'accountId', 'stage', 'httpMethod'), fc.string()),
  )
  const rest = fc.record({
    type: fc.constant('REQUEST'),
    methodArn,
    headers,
    multiValueHeaders: multi,
    requestContext,
  })
  const bare = fc.record({
    type: fc.constant('TOKEN'),
    methodArn,
    authorizationToken: fc.oneof({ weight: 4, arbitrary: value }, fc.anything()),
  })
  const http = fc.record({
    type: fc.constant('REQUEST'),
    version: fc.constant('2.0'),
    routeArn: methodArn,
    routeKey: fc.oneof(fc.constantFrom('$default', 'GET /{proxy+}', undefined), fc.anything()),
    headers,
    requestContext,
  })
  const shaped = fc.oneof(rest, bare, http)

  const outcomeOf = async (event: unknown, entry: (event: unknown) => Promise<unknown> = authorize) => {
    try {
      return await entry(event)
    } catch (error) {
      return error
    }
  }
  const expectTotal = async (event: unknown): Promise<void> => {
    const outcome = await outcomeOf(event)
    if (outcome instanceof Error) expect(outcome.message).toBe('Unauthorized')
    else expectAnswer(outcome)
    const simple = await outcomeOf(event, authorizeSimply)
    if (simple instanceof Error) expect(simple.message).toBe('Unauthorized')
    else expectSimple(simple)
  }

  it('answers with a policy that API Gateway takes, or throws Unauthorized', async () => {
    await fc.assert(fc.asyncProperty(shaped, expectTotal), { seed: SEED, numRuns: 1_500 })
  })

  it('does so even for what API Gateway never sends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.object({
          key: fc.constantFrom(
            'type',
            'version',
            'methodArn',
            'routeArn',
            'headers',
            'multiValueHeaders',
            'requestContext',
            'authorization',
          ),
        }),
        expectTotal,
      ),
      { seed: SEED, numRuns: 500 },
    )
    for (const event of [null, undefined, 7, 'text', [], {}]) await expectTotal(event)
  })

  it('allows nothing but the granted route, whatever surrounds the good token', async () => {
    const good = fc.tuple(methodArn, requestContext)
    let allowed = 0
    await fc.assert(
      fc.asyncProperty(good, async ([arn, context]) => {
        const event = {
          type: 'REQUEST',
          methodArn: arn,
          headers: { authorization: `Bearer ${secret}` },
          requestContext: context,
        }
        const outcome = await outcomeOf(event)
        if (outcome instanceof Error) return
        if (evaluatePolicy(expectAnswer(outcome).policyDocument, arn) !== 'allow') return
        expect(arn).toMatch(
          /^arn:aws:execute-api:eu-west-2:111111111111:abc123\/staging\/GET\/api\/v1\/tenancies\/[^/]+$/,
        )
        allowed += 1
      }),
      { seed: SEED, numRuns: 500 },
    )
    expect(allowed).toBeGreaterThan(0)
  })
})
