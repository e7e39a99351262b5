import type { EventOf } from '@countersign/core/events'
import { formatRoute, type ProtectedRoute, secondsIn } from '@countersign/core/shared'
import { make as makeAuthorizer } from '@countersign/functions/authorizer/authorize'
import { make as makeSimpleAuthorizer } from '@countersign/functions/authorizer/authorize-simply'
import type { LogLine } from '@countersign/functions/runtime/services'
import { listen } from '../server/http-server.ts'
import { handledBy, proxyTo, type UpstreamHandler } from '../server/upstream.ts'
import { addressReader } from './address.ts'
import { createAuthorizerCache } from './authorizer-cache.ts'
import { createGateway, placeAt } from './gateway.ts'
import { type LocalCredential, localIam } from './iam.ts'
import { createLocalCredentials } from './local-credentials.ts'
import { type MemoryPlatform, startMemoryPlatform } from './memory-platform.ts'
import { DEFAULT_STAGE, type GatewayDescription, isHttp, setupReader } from './setup.ts'
import { callersOf, type TestCallers, type TestSession } from './test-callers.ts'
import { createMeter } from './usage.ts'

export interface TestGatewayOptions
  extends Pick<GatewayDescription, 'shape' | 'cors' | 'identitySources' | 'tokenPattern' | 'domains'> {
  /** The API's OpenAPI document (2.0, 3.0 or 3.1): an object, or text in JSON or YAML. */
  readonly openapi: object | string
  /** The API itself: where it listens, or what answers (as `app.fetch` of many frameworks does). */
  readonly upstream: string | URL | UpstreamHandler
  /** How a route is protected that says nothing of it; `iam` unless given. */
  readonly authorization?: 'token' | 'group' | 'iam' | 'api-key'
  /** `staging` unless given. */
  readonly environment?: string
  /** How long the gateway keeps an answer of the authorizer; 0 unless given. */
  readonly authorizerCacheTtlSeconds?: number
}

/** Which token to make. */
export interface TestTokenOptions {
  /** `GET /tenancies/{id}`; every route that takes tokens unless given. */
  readonly routes?: readonly string[]
  /** `90s`, `15m`, `12h`, `30d`; an hour unless given. */
  readonly expiresIn?: string
  /** Name of who holds it. */
  readonly consumer?: string
}

/** A token of a test: `value` goes into the header `Authorization: Bearer …`. */
export interface TestToken {
  readonly id: string
  readonly value: string
  readonly consumer: string
}

/** What the usage plan of a key allows; without limits everything. */
export interface TestLimits {
  readonly quota?: { readonly limit: number; readonly period: 'day' | 'week' | 'month' }
  readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number }
}

/** What the authorizer decided; callers never learn the reason, a test may. */
export interface TestDecision {
  readonly outcome: 'allow' | 'deny'
  readonly reason: string | undefined
  readonly tokenId: string | undefined
  readonly sessionId: string | undefined
  readonly method: string | undefined
  /** The registered template. */
  readonly route: string | undefined
}

export interface TestRequest extends RequestInit {
  readonly token?: TestToken | TestSession | string
}

/** What EventBridge puts into a queue. */
export interface TestDelivery {
  readonly id: string
  readonly source: string
  readonly 'detail-type': string
  readonly time: string
  readonly detail: EventOf
}

export interface TestGateway extends AsyncDisposable, TestCallers {
  /** Put a path of the API behind it. */
  readonly url: string
  /** What the document was read as. */
  readonly routes: readonly ProtectedRoute[]
  /** Keys that sign requests to `iam` routes (SigV4, service `execute-api`): a lasting pair, and one with a session token. */
  readonly credentials: readonly LocalCredential[]
  readonly region: string
  /** In the order in which they were made; none where the authorizer was not asked. */
  readonly decisions: readonly TestDecision[]
  token(options?: TestTokenOptions): Promise<TestToken>
  /** An API key for the header `x-api-key`, in a usage plan that allows what is given. */
  apiKey(limits?: TestLimits): Promise<string>
  /** `requested` unless a reason is given. */
  revoke(token: TestToken, reason?: 'compromised' | 'superseded' | 'requested'): Promise<void>
  disable(token: TestToken): Promise<void>
  enable(token: TestToken): Promise<void>
  /** Refuses everything that this consumer holds. */
  suspend(consumer: string): Promise<void>
  /** Everything that happened so far, as EventBridge delivers it to a rule's target, oldest first. */
  events(): Promise<readonly TestDelivery[]>
  /** Lets time pass: `31d`. */
  advance(duration: string): void
  /** `fetch`, for a path of the API. */
  fetch(path: string, request?: TestRequest): Promise<Response>
  close(): Promise<void>
}

const API = 'api-under-test'
const PLACE = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'test' } as const

/**
 * API Gateway with the real authorizer in front of an API, for the API's own tests: in memory, on a free port of
 * loopback. Throws for a document that could not be registered, with all that is wrong with it.
 */
export const startTestGateway = async (options: TestGatewayOptions): Promise<TestGateway> => {
  const clock = movableClock()
  const decisions: TestDecision[] = []
  const platform = await startMemoryPlatform(clock.now, (line) => {
    if (line.message === 'decision') decisions.push(decisionIn(line))
  })
  const credentials = createLocalCredentials(platform.services.randomBytes)
  const { environment = 'staging', shape = 'rest-request' } = options
  const stage = isHttp(shape) ? DEFAULT_STAGE : environment
  try {
    const routes = await register(platform, options, environment, stage)
    const server = await serve(platform, { ...options, shape }, stage, credentials)
    const url = `${server.url}/${PLACE.gatewayId}${isHttp(shape) ? '' : `/${stage}`}`
    const close = async () => {
      await server.close()
      platform.close()
    }
    return {
      ...{ url, routes, credentials, region: PLACE.region, decisions, close },
      ...tokensOf(platform, environment, routes),
      ...callersOf(platform, { api: API, environment, open: openToTokens(routes) }),
      events: () => deliveriesOf(platform),
      advance: clock.advance,
      fetch: (path, { token, headers, ...rest } = {}) =>
        fetch(`${url}${path}`, { redirect: 'manual', ...rest, headers: withToken(headers, token) }),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    platform.close()
    throw error
  }
}

const PAGE = 100

const deliveriesOf = async ({ services }: MemoryPlatform): Promise<readonly TestDelivery[]> => {
  const deliveries: TestDelivery[] = []
  let after: string | undefined
  do {
    const page = await services.ledger.events({ limit: PAGE, after })
    deliveries.push(...page.items.map(deliveryOf))
    after = page.next
  } while (after !== undefined)
  return deliveries
}

const deliveryOf = (event: EventOf): TestDelivery => {
  const { id, source, type, time } = event
  return { id, source, 'detail-type': type, time, detail: event }
}

const movableClock = () => {
  let ahead = 0
  return {
    now: () => new Date(Date.now() + ahead),
    advance: (duration: string) => {
      const seconds = secondsIn(duration)
      if (seconds === undefined) throw new Error(`"${duration}" is no duration such as 90s, 15m, 12h or 30d`)
      ahead += seconds * 1_000
    },
  }
}

const decisionIn = (line: LogLine): TestDecision => {
  const text = (member: string) => (typeof line[member] === 'string' ? line[member] : undefined)
  return {
    outcome: line.outcome === 'allow' ? 'allow' : 'deny',
    reason: text('reason'),
    tokenId: text('tokenId'),
    sessionId: text('sessionId'),
    method: text('method'),
    route: text('route'),
  }
}

const register = async (
  { ask }: MemoryPlatform,
  { openapi, authorization, authorizerCacheTtlSeconds = 0 }: TestGatewayOptions,
  environment: string,
  stage: string,
): Promise<readonly ProtectedRoute[]> => {
  const published = { owner: 'test', openapi, ...(authorization !== undefined && { authorization }) }
  const api = (await ask('PUT', `/apis/${API}`, published)) as { readonly routes: readonly ProtectedRoute[] }
  await ask('PUT', `/apis/${API}/deployments/${environment}`, { ...PLACE, stage, authorizerCacheTtlSeconds })
  return api.routes
}

const serve = (
  { services }: MemoryPlatform,
  { upstream, ...described }: TestGatewayOptions,
  stage: string,
  credentials: readonly LocalCredential[],
) => {
  const { shape, cors, identitySources, tokenPattern, domains } = described
  const given = { shape, cors, identitySources, tokenPattern, domains }
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const gateways = [{ ...said, gatewayId: PLACE.gatewayId, stage }]
  const gateway = createGateway({
    placeOf: (gatewayId, at) => placeAt(services.accessRows, { ...PLACE, gatewayId, stage: at }),
    authorizers: { policy: makeAuthorizer(services), simple: makeSimpleAuthorizer(services) },
    cache: createAuthorizerCache(),
    clock: services.clock,
    setupOf: setupReader(gateways),
    iam: localIam(credentials, services.clock),
    meter: createMeter(services.gatewayKeys, services.clock),
    integrate:
      typeof upstream === 'function' ? handledBy(upstream) : proxyTo(String(upstream).replace(/\/$/, '')),
  })
  const isDeployed = (gatewayId: string, at: string) => gatewayId === PLACE.gatewayId && at === stage
  return listen(0, addressReader(gateways, isDeployed), gateway, (error) => {
    process.emitWarning(error instanceof Error ? error : String(error))
  })
}

const tokensOf = (
  { ask }: MemoryPlatform,
  environment: string,
  routes: readonly ProtectedRoute[],
): Pick<TestGateway, 'token' | 'apiKey' | 'revoke' | 'disable' | 'enable' | 'suspend'> => {
  const open = openToTokens(routes)
  let plans = 0
  return {
    token: async ({ routes: granted = open, expiresIn = '1h', consumer = 'Test consumer' } = {}) => {
      const holder = (await ask('POST', '/consumers', {
        name: consumer,
        type: 'service',
        owner: 'test',
      })) as {
        readonly id: string
      }
      const grants = [{ api: API, environment, routes: granted }]
      const issued = (await ask('POST', '/tokens', { consumer: holder.id, grants, expiresIn })) as {
        readonly id: string
        readonly token?: string
      }
      if (issued.token === undefined) throw new Error(`tokens for ${environment} wait for approval`)
      return { id: issued.id, value: issued.token, consumer: holder.id }
    },
    apiKey: async (limits = {}) => {
      const plan = `plan-${++plans}`
      await ask('PUT', `/usage-plans/${plan}`, { api: API, environment, ...limits })
      const holder = (await ask('POST', '/consumers', {
        name: 'Test consumer',
        type: 'service',
        owner: 'test',
      })) as { readonly id: string }
      const made = (await ask('POST', '/api-keys', { consumer: holder.id, plans: [plan] })) as {
        readonly key: string
      }
      return made.key
    },
    revoke: async ({ id }, reason = 'requested') =>
      void (await ask('POST', `/tokens/${id}/revocation`, { reason })),
    disable: async ({ id }) => void (await ask('POST', `/tokens/${id}/disablement`, {})),
    enable: async ({ id }) => void (await ask('POST', `/tokens/${id}/enablement`, {})),
    suspend: async (consumer) => void (await ask('POST', `/consumers/${consumer}/suspension`, {})),
  }
}

const openToTokens = (routes: readonly ProtectedRoute[]): readonly string[] =>
  routes.filter(({ authorization }) => authorization.startsWith('token')).map(formatRoute)

const withToken = (given: RequestInit['headers'], token: TestRequest['token']): Headers => {
  const headers = new Headers(given)
  if (token !== undefined)
    headers.set('authorization', `Bearer ${typeof token === 'string' ? token : token.value}`)
  return headers
}
