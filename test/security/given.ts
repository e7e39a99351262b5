import { randomBytes } from 'node:crypto'
import type { Problem } from '@countersign/client'
import { type HttpRouteName, routes } from '@countersign/topology'
import { expect } from 'vitest'
import { example, TENANCIES } from '../acceptance/given.ts'
import { type Called, callUrl, done, type World } from '../support/world.ts'

export interface Asked {
  readonly token?: string
  /** Text as it is; anything else as JSON. */
  readonly body?: unknown
  /** Name and value by turns. */
  readonly headers?: readonly string[]
}

/** One request to the platform's HTTP API, over the wire, as whoever holds `token`. */
export const ask = (
  world: World,
  name: string,
  { token, body, headers = [] }: Asked = {},
): Promise<Called> => {
  const at = name.indexOf(' ')
  const [method, path] = [name.slice(0, at), name.slice(at + 1)]
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const typed = headers.some((header) => header.toLowerCase() === 'content-type')
  const type = text === undefined || typed ? [] : ['content-type', 'application/json']
  const credential = token === undefined ? {} : { token }
  return callUrl(world.api, { method, path, ...credential, rawHeaders: [...type, ...headers] }, text)
}

/** The problem in an answer, which must be one to the letter (RFC 9457) and say nothing of the inside. */
export const problemIn = ({ status, headers, body }: Called): Problem => {
  expect(headers['content-type']).toBe('application/problem+json')
  const problem = JSON.parse(body) as Problem
  expect(problem).toMatchObject({
    type: `urn:countersign:problem:${problem.code}`,
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
    instance: expect.stringMatching(/^urn:countersign:request:[\w-]+$/),
    code: expect.stringMatching(/^[a-z_]+$/),
  })
  const known = ['type', 'title', 'status', 'detail', 'instance', 'code', 'errors']
  expect(known).toEqual(expect.arrayContaining(Object.keys(problem)))
  expect(body).not.toMatch(/node_modules|\.ts:\d|\bat \w+ \(|SQLITE|TypeError|RangeError|ZodError/)
  return problem
}

/** The answer is a problem of this status and code. */
export const expectProblem = (called: Called, status: number, code?: string): Problem => {
  const problem = problemIn(called)
  expect({ status: called.status, ...(code && { code: problem.code }) }).toEqual({
    status,
    ...(code && { code }),
  })
  return problem
}

export interface Subjects {
  readonly consumer: string
  /** A consumer that signs its own tokens. */
  readonly signer: string
  readonly token: string
  readonly kid: string
  readonly apiKey: string
  readonly webhook: string
}

/** A request for every route that would be carried out if it were let through; a new route does not compile without one. */
export const requests = ({ consumer, signer, token, kid, apiKey, webhook }: Subjects) =>
  ({
    'POST /consumers': { path: '/consumers', body: { name: 'n', type: 'service', owner: 'o' } },
    'GET /consumers': { path: '/consumers' },
    'GET /consumers/{id}': { path: `/consumers/${consumer}` },
    'PUT /consumers/{id}/grants': { path: `/consumers/${signer}/grants`, body: { grants: [] } },
    'POST /consumers/{id}/grants/approval': { path: `/consumers/${signer}/grants/approval` },
    'POST /consumers/{id}/secret': { path: `/consumers/${signer}/secret`, body: {} },
    'POST /consumers/{id}/suspension': { path: `/consumers/${consumer}/suspension`, body: {} },
    'POST /consumers/{id}/resumption': { path: `/consumers/${consumer}/resumption` },
    'PUT /apis/{name}': { path: '/apis/fresh', body: { owner: 'o', openapi: example('repairs') } },
    'GET /apis': { path: '/apis' },
    'GET /apis/{name}': { path: '/apis/tenancies' },
    'DELETE /apis/{name}': { path: '/apis/tenancies' },
    'PUT /apis/{name}/deployments/{environment}': {
      path: '/apis/tenancies/deployments/development',
      body: { ...TENANCIES, stage: 'development' },
    },
    'PUT /apis/{name}/access-rules/{environment}': {
      path: '/apis/tenancies/access-rules/staging',
      body: { rules: [] },
    },
    'POST /tokens': {
      path: '/tokens',
      body: {
        consumer,
        grants: [{ api: 'tenancies', environment: 'staging', routes: ['GET /api/v1/tenancies'] }],
      },
    },
    'GET /tokens': { path: '/tokens' },
    'GET /tokens/{id}': { path: `/tokens/${token}` },
    'POST /tokens/{id}/approval': { path: `/tokens/${token}/approval` },
    'POST /tokens/{id}/rejection': { path: `/tokens/${token}/rejection`, body: {} },
    'POST /tokens/{id}/collection': { path: `/tokens/${token}/collection` },
    'POST /tokens/{id}/disablement': { path: `/tokens/${token}/disablement`, body: {} },
    'POST /tokens/{id}/enablement': { path: `/tokens/${token}/enablement` },
    'POST /tokens/{id}/revocation': { path: `/tokens/${token}/revocation`, body: { reason: 'requested' } },
    'POST /tokens/{id}/reroll': { path: `/tokens/${token}/reroll`, body: {} },
    'POST /revocations': {
      path: '/revocations',
      body: { consumer, issuedBefore: '2026-01-01T00:00:00Z', reason: 'requested' },
    },
    'POST /lockdowns': { path: '/lockdowns', body: { environment: 'nowhere', because: 'drill' } },
    'POST /lockdowns/lifting': {
      path: '/lockdowns/lifting',
      body: { environment: 'nowhere', because: 'over' },
    },
    'GET /lockdowns': { path: '/lockdowns' },
    'GET /signing-keys': { path: '/signing-keys' },
    'POST /signing-keys': {
      path: '/signing-keys',
      body: { algorithm: 'HS512', secret: randomBytes(64).toString('base64url') },
    },
    'POST /signing-keys/rotation': { path: '/signing-keys/rotation', body: {} },
    'POST /signing-keys/{kid}/compromise': { path: `/signing-keys/${kid}/compromise`, body: {} },
    'PUT /usage-plans/{name}': {
      path: '/usage-plans/fresh',
      body: { api: 'tenancies', environment: 'staging', quota: { limit: 10, period: 'day' } },
    },
    'GET /usage-plans': { path: '/usage-plans' },
    'GET /usage-plans/{name}': { path: '/usage-plans/gold' },
    'POST /api-keys': { path: '/api-keys', body: { consumer, plans: ['keyed'] } },
    'GET /api-keys': { path: '/api-keys' },
    'GET /api-keys/{id}': { path: `/api-keys/${apiKey}` },
    'POST /api-keys/{id}/rotation': { path: `/api-keys/${apiKey}/rotation`, body: {} },
    'POST /api-keys/{id}/disablement': { path: `/api-keys/${apiKey}/disablement`, body: {} },
    'POST /webhooks': { path: '/webhooks', body: { url: WEBHOOK_URL, events: ['token.*'], name: 'n' } },
    'GET /webhooks': { path: '/webhooks' },
    'GET /webhooks/{id}': { path: `/webhooks/${webhook}` },
    'PUT /webhooks/{id}': { path: `/webhooks/${webhook}`, body: { url: WEBHOOK_URL, events: ['api.*'] } },
    'POST /webhooks/{id}/disablement': { path: `/webhooks/${webhook}/disablement`, body: {} },
    'POST /webhooks/{id}/enablement': { path: `/webhooks/${webhook}/enablement` },
    'POST /webhooks/{id}/secret': { path: `/webhooks/${webhook}/secret`, body: {} },
    'POST /webhooks/{id}/test': { path: `/webhooks/${webhook}/test` },
    'POST /oauth/token': { path: '/oauth/token' },
    'POST /oauth/revoke': { path: '/oauth/revoke' },
    'POST /oauth/introspect': { path: '/oauth/introspect' },
    'POST /decisions/explanation': {
      path: '/decisions/explanation',
      body: {
        tokenId: token,
        method: 'GET',
        path: '/api/v1/tenancies/7',
        api: 'tenancies',
        environment: 'staging',
      },
    },
    'GET /audit/events': { path: '/audit/events' },
    'GET /audit/heads': { path: '/audit/heads' },
    'GET /audit/security-events': { path: '/audit/security-events' },
    'GET /audit/seals': { path: '/audit/seals' },
    'GET /audit/seals/{day}': { path: '/audit/seals/2026-01-31' },
    'GET /audit/seals/{day}/leaves': { path: '/audit/seals/2026-01-31/leaves' },
    'GET /pipeline': { path: '/pipeline' },
    'POST /pipeline/{subscription}/redrive': { path: '/pipeline/ProjectAccess/redrive' },
    'GET /.well-known/jwks.json': { path: '/.well-known/jwks.json' },
    'GET /health': { path: '/health' },
  }) as const satisfies Record<HttpRouteName, { readonly path: string; readonly body?: unknown }>

export const routeNames = Object.keys(routes) as HttpRouteName[]

/** Every route that stands behind the platform's own authorizer. */
export const protectedRoutes = routeNames.filter((name) => routes[name].authorization === 'token')

/** OAuth endpoints take forms and refuse as RFC 6749 has it; they have a suite of their own. */
export const takesForms = (name: HttpRouteName): boolean => name.includes(' /oauth/')

/** `POST` of `POST /tokens`. */
export const methodOf = (name: HttpRouteName): string => name.split(' ', 1)[0] ?? ''

const KEYED_API = {
  openapi: '3.1.0',
  info: { title: 'keyed', version: '1' },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-api-key' } } },
  security: [{ key: [] }],
  paths: { '/things': { get: { responses: { 200: { description: 'things' } } } } },
}

/** Two usage plans and an API key, so that what is asked about them could be carried out. */
export const withApiKey = async ({ client }: World, consumer: string): Promise<string> => {
  const KEYED = { ...TENANCIES, gatewayId: 'key123' }
  done(await client.apis.publish('keyed', { owner: 'o', openapi: KEYED_API }))
  done(await client.apis.deploy('keyed', 'staging', KEYED))
  done(await client.usagePlans.put('keyed', { api: 'keyed', environment: 'staging' }))
  done(await client.usagePlans.put('gold', { api: 'tenancies', environment: 'staging' }))
  return done(await client.apiKeys.create({ consumer, plans: ['keyed'] })).id
}

/** An address of the internet, so that nothing is asked of a name; nobody is reached in these suites. */
const WEBHOOK_URL = 'https://1.1.1.1/hooks'

/** A webhook that hears of nothing that these suites do. */
export const withWebhook = async ({ client }: World): Promise<string> =>
  done(await client.webhooks.register({ url: WEBHOOK_URL, events: ['key-ring.rotation-failed'] })).id

/** The account of decisions is told once a minute, whatever was decided. */
export const isChange = ({ actor }: { readonly actor: string }): boolean => actor !== 'decision-log'

/** All there is: the log, the rows, and what a rebuild would make of them. That somebody called is no change. */
export const everything = async (world: World): Promise<unknown> => {
  await world.settled()
  const { live } = await world.platform.readModels()
  const { items } = await world.platform.services.ledger.events({ limit: 1_000, after: undefined })
  return { live, events: items.filter(isChange).map(({ id }) => id) }
}
