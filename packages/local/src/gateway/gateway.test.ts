import type { Row } from '@countersign/core/shared'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAuthorizerCache } from './authorizer-cache.ts'
import { createGateway, placeAt } from './gateway.ts'
import { localIam } from './iam.ts'
import type { GatewayRequest } from './message.ts'
import { type GatewaySetup, setupReader } from './setup.ts'

/* The gateway by itself, in front of authorizers of others: what API Gateway does with whatever they answer. */
const COORDINATES = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'staging' }
const STAGE = 'arn:aws:execute-api:eu-west-2:111111111111:abc123/staging'

let ttlSeconds = 0
let asked: Record<string, unknown>[] = []
let answer: (event: Record<string, unknown>) => unknown = () => undefined
let now = 0

const row = (): Row => ({
  registers: {
    binding: {
      rank: 1,
      value: {
        apiId: 'api_1',
        api: 'things',
        environment: 'staging',
        authorizerCacheTtlSeconds: ttlSeconds,
        routes: [
          { method: 'GET', path: '/things/{id}', authorization: 'token' },
          { method: 'GET', path: '/others', authorization: 'token' },
          { method: 'GET', path: '/open', authorization: 'open' },
          { method: 'OPTIONS', path: '/own', authorization: 'token' },
          { method: 'ANY', path: '/any', authorization: 'token' },
        ],
      },
    },
  },
})

const gatewayOf = (setup: Partial<GatewaySetup>) => {
  const authorizer = async (event: object) => {
    asked.push(event as Record<string, unknown>)
    return answer(event as Record<string, unknown>)
  }
  const gateway = createGateway({
    authorizers: { policy: authorizer, simple: authorizer },
    cache: createAuthorizerCache(),
    clock: () => new Date(now),
    placeOf: () => placeAt({ read: async (keys) => new Map(keys.map((key) => [key, row()])) }, COORDINATES),
    setupOf: setupReader([{ gatewayId: 'abc123', ...setup }]),
    iam: localIam([], () => new Date(now)),
    meter: { refusal: () => undefined },
    integrate: async (_, context) => ({
      status: 200,
      headers: { 'access-control-allow-origin': 'backend' },
      body: JSON.stringify(context),
    }),
  })
  return (
    path: string,
    headers: Readonly<Record<string, string>> = { Authorization: 'Bearer x' },
    method = 'GET',
  ) => {
    const [at = '', query = ''] = path.split('?')
    const request: GatewayRequest = {
      ...{ id: 'request', method, path: at, query, headers: Object.entries(headers) },
      ...{ gatewayId: 'abc123', stage: 'staging', wirePath: `/abc123/staging${at}`, body: Buffer.alloc(0) },
    }
    return gateway(request)
  }
}

const allowing = (...resources: readonly string[]) => ({
  principalId: 'p',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: resources }],
  },
})

beforeEach(() => {
  ttlSeconds = 0
  asked = []
  now = 1_000_000
})

describe('an answer that is none', () => {
  it.each([
    ['rest-request', undefined],
    ['rest-request', 'allow'],
    ['rest-request', {}],
    ['rest-request', { isAuthorized: true }],
    ['rest-request', { ...allowing(`${STAGE}/GET/*`), principalId: '' }],
    ['rest-request', { ...allowing(`${STAGE}/GET/*`), context: { groups: ['a'] } }],
    ['rest-token', { principalId: 'p', policyDocument: { Version: '2012-10-17', Statement: [] } }],
    ['http-iam', { isAuthorized: true }],
    ['http-iam', { principalId: 'p' }],
    ['http-simple', allowing(`${STAGE}/GET/*`)],
    ['http-simple', { isAuthorized: 'true' }],
    ['http-simple', { isAuthorized: 1, status: 200 }],
  ] as const)('is 500 for the shape %s: %j', async (shape, given) => {
    answer = () => given
    expect((await gatewayOf({ shape })('/things/7')).status).toBe(500)
  })

  it.each(['rest-request', 'rest-token', 'http-iam', 'http-simple'] as const)(
    'is 401 where the authorizer of %s throws exactly `Unauthorized`, else 500',
    async (shape) => {
      const thrown = async (message: string) => {
        answer = () => {
          throw new Error(message)
        }
        return (await gatewayOf({ shape })('/things/7')).status
      }
      expect([await thrown('Unauthorized'), await thrown('unauthorized'), await thrown('')]).toEqual([
        401, 500, 500,
      ])
    },
  )

  it('is not made up by members of the answer that look like a response', async () => {
    answer = () => ({ isAuthorized: false, status: 200, body: 'let in' })
    expect((await gatewayOf({ shape: 'http-simple' })('/things/7')).status).toBe(403)
  })
})

describe('a context', () => {
  it('may be nested on an HTTP API, and reaches the backend as text', async () => {
    answer = () => ({ isAuthorized: true, context: { n: 7, yes: true, deep: { a: [1] } } })
    const { body } = await gatewayOf({ shape: 'http-simple' })('/things/7')
    expect(JSON.parse(String(body))).toEqual({ n: '7', yes: 'true', deep: '{"a":[1]}' })
  })
})

describe('an answer that is kept', () => {
  beforeEach(() => {
    ttlSeconds = 60
    answer = () => allowing(`${STAGE}/GET/things/*`)
  })

  it.each(['rest-request', 'rest-token', 'http-iam'] as const)(
    'of %s is a policy, asked about each method ARN until its time is over',
    async (shape) => {
      const call = gatewayOf({ shape })
      const statuses = [await call('/things/7'), await call('/others'), await call('/things/8')]
      expect([statuses.map(({ status }) => status), asked.length]).toEqual([[200, 403, 200], 1])
      now += 59_999
      await call('/things/7')
      expect(asked.length).toBe(1)
      now += 1
      await call('/things/7')
      expect(asked.length).toBe(2)
    },
  )

  it('is kept for all identity sources together, and told apart whatever they hold', async () => {
    const identitySources = ['method.request.header.Authorization', 'method.request.header.X-Tenant']
    const call = gatewayOf({ identitySources })
    for (const [authorization, tenant] of [
      ['a', 'b'],
      ['a', 'c'],
      ['a,b', 'c'],
      ['a', 'b,c'],
      ['a', 'b'],
    ])
      await call('/things/7', { Authorization: authorization ?? '', 'X-Tenant': tenant ?? '' })
    expect(asked.length).toBe(4)
    expect((await call('/things/7', { Authorization: 'a' })).status).toBe(401)
    expect(asked.length).toBe(4)
  })

  it('of a simple response opens every route, unless the route is an identity source: which is why ours gives none', async () => {
    answer = ({ routeKey }) => ({ isAuthorized: routeKey === 'GET /things/{id}' })
    const careless = gatewayOf({ shape: 'http-simple' })
    expect([(await careless('/things/7')).status, (await careless('/others')).status]).toEqual([200, 200])
    const identitySources = ['$request.header.Authorization', '$context.routeKey']
    const careful = gatewayOf({ shape: 'http-simple', identitySources })
    expect([(await careful('/things/7')).status, (await careful('/others')).status]).toEqual([200, 403])
    expect(asked.at(-1)?.identitySource).toEqual(['Bearer x', 'GET /others'])
  })

  it('is no 401 and no 500', async () => {
    const call = gatewayOf({})
    answer = () => {
      throw new Error('Unauthorized')
    }
    expect((await call('/things/7')).status).toBe(401)
    answer = () => undefined
    expect((await call('/things/7')).status).toBe(500)
    answer = () => allowing(`${STAGE}/GET/things/*`)
    expect((await call('/things/7')).status).toBe(200)
  })
})

describe('an identity source', () => {
  it.each([
    ['a query parameter', 'method.request.querystring.key', '/things/7?key=k', ['k']],
    ['a header of any case', '$request.header.X-KEY', '/things/7', ['k']],
    ['the method', 'context.httpMethod', '/things/7', ['GET']],
    ['the path', 'context.path', '/things/7', ['/things/7']],
  ])('may be %s', async (_, source, path, expected) => {
    answer = () => allowing(`${STAGE}/GET/*`)
    const call = gatewayOf({ shape: 'http-iam', identitySources: [source] })
    expect((await call(path, { 'x-key': 'k' })).status).toBe(200)
    expect(asked[0]?.identitySource).toEqual(expected)
  })

  it('that is empty or missing is 401 without a call', async () => {
    const call = gatewayOf({})
    expect([
      (await call('/things/7', {})).status,
      (await call('/things/7', { Authorization: '' })).status,
    ]).toEqual([401, 401])
    expect(asked).toEqual([])
  })

  it('of a TOKEN authorizer may have to match a pattern, whole', async () => {
    answer = () => allowing(`${STAGE}/GET/*`)
    const call = gatewayOf({ shape: 'rest-token', tokenPattern: 'Bearer [a-z.]+' })
    expect((await call('/things/7', { Authorization: 'Bearer a.b' })).status).toBe(200)
    expect((await call('/things/7', { Authorization: 'Bearer a.b!' })).status).toBe(401)
    expect(asked).toEqual([
      { type: 'TOKEN', authorizationToken: 'Bearer a.b', methodArn: `${STAGE}/GET/things/7` },
    ])
  })
})

describe('the event', () => {
  it('of an HTTP API joins repeated headers, lowers their names, and keeps cookies and the wire apart', async () => {
    answer = () => ({ isAuthorized: true })
    const headers = { Authorization: 'Bearer x', 'X-A': '1', 'x-a': '2', Cookie: 'a=1; b=2' }
    await gatewayOf({ shape: 'http-simple' })('/things/a%20b?q=1&q=2', headers)
    expect(asked[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: `${STAGE}/GET/things/a%20b`,
      routeKey: 'GET /things/{id}',
      rawPath: '/staging/things/a b',
      rawQueryString: 'q=1&q=2',
      cookies: ['a=1', 'b=2'],
      headers: { authorization: 'Bearer x', 'x-a': '1,2' },
      queryStringParameters: { q: '1,2' },
      pathParameters: { id: 'a%20b' },
      requestContext: { stage: 'staging', apiId: 'abc123', http: { method: 'GET' } },
    })
    expect(asked[0]?.headers).not.toHaveProperty('cookie')
  })
})

describe('OPTIONS', () => {
  const preflight = { Origin: 'https://a.example', 'Access-Control-Request-Method': 'GET' }
  const cors = { allowOrigins: ['*'], exposeHeaders: ['etag'] }
  beforeEach(() => {
    answer = () => allowing(`${STAGE}/*`)
  })

  it('goes to a registered route of its own on a REST API, with its own authorization', async () => {
    const call = gatewayOf({ cors })
    expect((await call('/own', preflight, 'OPTIONS')).status).toBe(401)
    expect((await call('/own', { Authorization: 'Bearer x' }, 'OPTIONS')).status).toBe(200)
  })

  it('is answered before any route by an HTTP API that has CORS', async () => {
    const { status, headers } = await gatewayOf({ shape: 'http-iam', cors })('/own', preflight, 'OPTIONS')
    expect([status, headers['access-control-allow-origin'], asked.length]).toEqual([204, '*', 0])
  })

  it('is there for an `ANY` route, whose authorizer would refuse a preflight, only where CORS is set up', async () => {
    expect((await gatewayOf({})('/any', preflight, 'OPTIONS')).status).toBe(401)
    expect((await gatewayOf({ cors })('/any', preflight, 'OPTIONS')).status).toBe(200)
  })

  it('asks no authorizer where nothing takes it', async () => {
    expect((await gatewayOf({})('/things/7', { Authorization: 'Bearer x' }, 'OPTIONS')).status).toBe(403)
    expect((await gatewayOf({ shape: 'http-iam' })('/things/7', preflight, 'OPTIONS')).status).toBe(404)
    expect(asked).toEqual([])
  })

  it("leaves a REST API's CORS headers to the backend, and replaces them on an HTTP API", async () => {
    const rest = await gatewayOf({ cors })('/open', preflight)
    const http = await gatewayOf({ shape: 'http-iam', cors })('/open', preflight)
    expect(rest.headers['access-control-allow-origin']).toBe('backend')
    expect(http.headers).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'etag',
    })
  })
})

describe('a slash at the end', () => {
  it('is overlooked by REST APIs where no authorizer stands, and by nobody else', async () => {
    answer = () => allowing(`${STAGE}/*`)
    const rest = gatewayOf({})
    expect([(await rest('/open/')).status, (await rest('/others/')).status]).toEqual([200, 403])
    expect((await gatewayOf({ shape: 'http-iam' })('/open/')).status).toBe(403)
  })
})

describe('headers that are called like members of every object', () => {
  it.each(['rest-request', 'http-iam', 'http-simple'] as const)(
    'reach the authorizer of %s as any other does',
    async (shape) => {
      const named = Object.fromEntries(
        ['__proto__', 'constructor', 'toString'].map((name) => [name, 'x'] as const),
      )
      await gatewayOf({ shape })('/things/7', { Authorization: 'Bearer x', ...named })
      const [event] = asked as [{ headers: object; multiValueHeaders?: object }]
      const told = [event.headers, ...(event.multiValueHeaders ? [event.multiValueHeaders] : [])]
      for (const headers of told) {
        const values = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization')
        expect(values.map(([name, value]) => [name.toLowerCase(), [value].flat()])).toEqual([
          ['__proto__', ['x']],
          ['constructor', ['x']],
          ['tostring', ['x']],
        ])
      }
    },
  )
})
