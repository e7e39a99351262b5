import { make } from '@countersign/functions/authorizer/authorize'
import { evaluatePolicy } from '@countersign/local'
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { tenancies } from '../acceptance/given.ts'
import { oneOf, randomOf, seedOf } from '../property/seed.ts'
import { type Json, mutated, nested } from './mutations.ts'

const EVENTS = 100_000
const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'
const GRANTED = /^arn:aws:execute-api:eu-west-2:111111111111:abc123\/staging\/GET\/api\/v1\/tenancies\/[^/]+$/

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What API Gateway would not take of a policy statement; undefined when it takes it. */
const faultOfStatement = (statement: unknown): string | undefined => {
  if (!isObject(statement)) return 'a statement that is no object'
  const { Action, Effect, Resource, ...more } = statement
  if (Action !== 'execute-api:Invoke' || Object.keys(more).length > 0) return 'a statement of another form'
  if (Effect !== 'Allow' && Effect !== 'Deny') return `the effect ${String(Effect)}`
  const arns = Array.isArray(Resource) ? Resource : []
  if (arns.length === 0) return 'no resource'
  return arns.every((arn) => typeof arn === 'string' && arn.length <= 512) ? undefined : 'a resource too long'
}

const faultOfPolicy = ({ principalId, policyDocument }: Record<string, unknown>): string | undefined => {
  if (typeof principalId !== 'string' || principalId === '') return 'no principal'
  if (!isObject(policyDocument) || policyDocument.Version !== '2012-10-17') return 'no policy'
  const { Statement } = policyDocument
  if (!Array.isArray(Statement) || Statement.length === 0) return 'no statement'
  if (Buffer.byteLength(JSON.stringify(policyDocument)) > 8_192) return 'a policy too large'
  return Statement.map(faultOfStatement).find((fault) => fault !== undefined)
}

/** Why API Gateway would answer 500 to this, if it would: an IAM policy, or the simple response of HTTP APIs. */
const faultOf = (answer: unknown): string | undefined => {
  if (!isObject(answer)) return 'no object'
  const told = isObject(answer.context) ? Object.values(answer.context) : []
  if (told.some((value) => typeof value !== 'string')) return 'a context that is not of strings'
  if ('isAuthorized' in answer) return typeof answer.isAuthorized === 'boolean' ? undefined : 'no verdict'
  return faultOfPolicy(answer)
}

/** Which method ARN an event of any shape asks about. */
const askedOf = (event: unknown): string => {
  const asked = isObject(event) ? (event.methodArn ?? event.routeArn) : undefined
  return typeof asked === 'string' ? asked : 'none'
}

const allows = (answer: Record<string, unknown>, event: unknown): boolean => {
  if ('isAuthorized' in answer) return answer.isAuthorized === true
  const { policyDocument } = answer as unknown as APIGatewayAuthorizerResult
  return evaluatePolicy(policyDocument, askedOf(event)) === 'allow'
}

const restEvent = (token: string, path: string, more: Readonly<Record<string, Json>> = {}): Json => ({
  type: 'REQUEST',
  methodArn: `${STAGE}/GET${path}`,
  resource: '/api/v1/tenancies/{id}',
  path,
  httpMethod: 'GET',
  headers: { Host: 'abc123.execute-api.eu-west-2.amazonaws.com', Authorization: `Bearer ${token}` },
  multiValueHeaders: { Authorization: [`Bearer ${token}`] },
  pathParameters: { id: '7' },
  queryStringParameters: null,
  stageVariables: null,
  requestContext: {
    accountId: '111111111111',
    apiId: 'abc123',
    stage: 'staging',
    httpMethod: 'GET',
    path: `/staging${path}`,
  },
  ...more,
})

/** HTTP APIs, payload 2.0: names in small letters, no method ARN but a route ARN. */
const httpEvent = (token: string, path: string): Json => ({
  version: '2.0',
  type: 'REQUEST',
  routeArn: `${STAGE}/GET${path}`,
  identitySource: [`Bearer ${token}`],
  routeKey: 'GET /api/v1/tenancies/{id}',
  rawPath: `/staging${path}`,
  rawQueryString: '',
  headers: { authorization: `Bearer ${token}`, host: 'abc123.execute-api.eu-west-2.amazonaws.com' },
  requestContext: {
    accountId: '111111111111',
    apiId: 'abc123',
    stage: 'staging',
    http: { method: 'GET', path: `/staging${path}`, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7' },
  },
})

const tokenEvent = (token: string, path: string): Json => ({
  type: 'TOKEN',
  authorizationToken: `Bearer ${token}`,
  methodArn: `${STAGE}/GET${path}`,
})

/** Events of every shape that API Gateway sends, changed in a few places: a policy, `Unauthorized`, or what the store threw. */
describe('the authorizer, for a hundred thousand events', async () => {
  const seed = seedOf('authorizer fuzz')
  const random = randomOf(seed)
  const world = await tenancies()
  afterAll(() => world.stop())
  const { services } = world.platform
  const weather = new Error('the store cannot be reached')
  const accessRows: typeof services.accessRows = {
    ...services.accessRows,
    read: (keys) => (random() < 0.01 ? Promise.reject(weather) : read(keys)),
  }
  const authorize = make({ ...services, accessRows, log: () => {} })

  const { secret } = world.token
  const [header = '', payload = '', signature = ''] = secret.split('.')
  const tokens = [
    secret,
    secret,
    secret,
    `${header}.${payload}.`,
    `${header}..${signature}`,
    world.credential,
  ]
  const paths = [
    '/api/v1/tenancies/7',
    '/api/v1/tenancies/7',
    '/api/v1/tenancies',
    '/',
    '/api/v1/tenancies/%2e%2e',
  ]
  const events = tokens.flatMap((token) =>
    paths.flatMap((path) => [
      restEvent(token, path),
      restEvent(token, path, { multiValueHeaders: null }),
      restEvent(token, path, { headers: nested(12) }),
      httpEvent(token, path),
      tokenEvent(token, path),
    ]),
  )
  const texts = events.map((event) => JSON.stringify(event))
  const kept = new Map<string, ReturnType<typeof services.accessRows.read>>()
  const read: typeof services.accessRows.read = (keys) => {
    const known = kept.get(keys.join()) ?? services.accessRows.read(keys)
    kept.set(keys.join(), known)
    return known
  }

  const outcomeOf = async (event: unknown): Promise<unknown> => {
    try {
      return await authorize(event as APIGatewayRequestAuthorizerEvent)
    } catch (error) {
      return error
    }
  }

  /** What is wrong with the outcome; undefined when it is one of those that were promised. */
  const faultWith = (event: unknown, outcome: unknown): string | undefined => {
    if (outcome instanceof Error)
      return outcome === weather || outcome.message === 'Unauthorized' ? undefined : String(outcome.stack)
    const fault = faultOf(outcome)
    if (fault !== undefined) return fault
    if (!isObject(outcome) || !allows(outcome, event)) return undefined
    if (!GRANTED.test(askedOf(event))) return 'what was asked is not granted'
    return JSON.stringify(event).includes(secret) ? undefined : 'there is no good token in it'
  }

  it(`answers with what API Gateway takes, throws Unauthorized, or what the store threw (SEED=${seed})`, async () => {
    const counts = { allowed: 0, refused: 0, unauthorized: 0, weather: 0 }
    for (let count = 0; count < EVENTS; count++) {
      const event = mutated(random, texts)
      const outcome = await outcomeOf(event)
      const fault = faultWith(event, outcome)
      if (fault !== undefined) expect.fail(`SEED=${seed}, event ${count}: ${fault}\n${JSON.stringify(event)}`)
      if (outcome === weather) counts.weather += 1
      else if (outcome instanceof Error) counts.unauthorized += 1
      else if (isObject(outcome) && allows(outcome, event)) counts.allowed += 1
      else counts.refused += 1
    }
    process.stdout.write(`authorizer fuzz: ${JSON.stringify(counts)}\n`)
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(100)
  })

  it('is not one that finds nothing: each promise is told apart from its breach', () => {
    const policyDocument = { Version: '2012-10-17', Statement: [] as unknown[] }
    const statement = { Action: 'execute-api:Invoke', Effect: 'Allow', Resource: ['*'] }
    const answer = (...Statement: unknown[]) => ({
      principalId: 'p',
      policyDocument: { ...policyDocument, Statement },
    })
    const good = oneOf(random, events)
    expect(faultOf(answer(statement))).toBeUndefined()
    expect(faultOf({ ...answer(statement), principalId: '' })).toBe('no principal')
    expect(faultOf(answer())).toBe('no statement')
    expect(faultOf(answer({ ...statement, Resource: [] }))).toBe('no resource')
    expect(faultOf(answer({ ...statement, Resource: ['x'.repeat(513)] }))).toBe('a resource too long')
    expect(faultOf({ ...answer(statement), context: { groups: [] } })).toBe(
      'a context that is not of strings',
    )
    expect(faultWith(good, new TypeError('undefined is not a function'))).toMatch('TypeError')
    expect(faultWith({ methodArn: `${STAGE}/GET/admin` }, answer(statement))).toBe(
      'what was asked is not granted',
    )
    expect(faultWith({ methodArn: `${STAGE}/GET/api/v1/tenancies/7` }, answer(statement))).toBe(
      'there is no good token in it',
    )
  })
})
