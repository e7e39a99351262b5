import { Access, type AccessRowReader, type DeploymentBinding } from '@countersign/core/access'
import {
  type Authorization,
  type Coordinates,
  ok,
  type ProtectedRoute,
  type Result,
  segmentsOf,
} from '@countersign/core/shared'
import { type Authorizer, type AuthorizerAnswer, ask, contextOf, verdictOf } from './authorizer-answer.ts'
import { type AuthorizerCache, stageNameOf } from './authorizer-cache.ts'
import { eventFor, methodArnOf } from './authorizer-event.ts'
import { preflightAnswer, withCors } from './cors.ts'
import type { Iam } from './iam.ts'
import { identityOf } from './identity.ts'
import type { AuthorizerContext, GatewayRequest, GatewayResponse } from './message.ts'
import { refusalsOf } from './responses.ts'
import { type GatewaySetup, isHttp } from './setup.ts'
import { byApiKey, byUsageKey, type Meter } from './usage.ts'

export type { Authorizer } from './authorizer-answer.ts'

/** Who answers once a request was let through. */
export type Integration = (request: GatewayRequest, context: AuthorizerContext) => Promise<GatewayResponse>

/** The functions that deployments are attached to. */
export interface Authorizers {
  /** Answers with a policy. */
  readonly policy: Authorizer
  /** Answers yes or no: HTTP APIs with simple responses. */
  readonly simple: Authorizer
}

/** Where a gateway's stage is, which no URL tells, and what lives there. */
export interface Place {
  readonly coordinates: Coordinates
  readonly binding: DeploymentBinding | undefined
}

export interface GatewayOptions {
  readonly placeOf: (gatewayId: string, stage: string) => Place | Promise<Place>
  readonly authorizers: Authorizers
  readonly cache: AuthorizerCache
  readonly clock: () => Date
  readonly setupOf: (gatewayId: string, stage: string) => GatewaySetup
  /** Who may call `iam` routes. */
  readonly iam: Iam
  /** Keys and usage plans. */
  readonly meter: Meter
  readonly integrate: Integration
}

/** A request, and all that is known about where it goes. */
interface Visit {
  readonly request: GatewayRequest
  readonly coordinates: Coordinates
  readonly setup: GatewaySetup
  readonly route: ProtectedRoute | undefined
  readonly ttlSeconds: number
}

/** API Gateway, as far as protection goes: every request passes through here, and nothing else lets one through. */
export const createGateway =
  (options: GatewayOptions) =>
  async (request: GatewayRequest): Promise<GatewayResponse> => {
    const { gatewayId, stage } = request
    const setup = options.setupOf(gatewayId, stage)
    const { coordinates, binding } = await options.placeOf(gatewayId, stage)
    const preflight = preflightAnswer(setup, binding, request)
    if (preflight) return preflight
    const { authorization, route } = methodAsked(binding, request, setup)
    const ttlSeconds = binding?.authorizerCacheTtlSeconds ?? 0
    const visit = { request, coordinates, setup, route, ttlSeconds }
    return withCors(setup, request, await onTheRoad(options, visit, authorization))
  }

/** Each route is protected in its own way, whatever its neighbours are. */
const onTheRoad = (
  options: GatewayOptions,
  visit: Visit,
  authorization: Authorization,
): Promise<GatewayResponse> | GatewayResponse => {
  switch (authorization) {
    case 'open':
      return options.integrate(visit.request, {})
    case 'iam':
      return signed(options, visit)
    case 'api-key':
      return byApiKey(options.meter, visit) ?? options.integrate(visit.request, {})
    case 'token':
    case 'group':
    case 'token+group':
      return authorized(options, visit)
  }
}

/** What the read model says of coordinates that are known. */
export const placeAt = async (accessRows: AccessRowReader, coordinates: Coordinates): Promise<Place> => {
  const key = Access.deploymentRowKey(coordinates, 0)
  return { coordinates, binding: Access.bindingOf((await accessRows.read([key])).get(key)) }
}

/** A request that no registered route takes (`route` undefined) stands behind the authorizer too, which refuses it. */
const methodAsked = (
  binding: DeploymentBinding | undefined,
  { method, path }: GatewayRequest,
  { shape }: GatewaySetup,
): { readonly authorization: Authorization; readonly route: ProtectedRoute | undefined } => {
  const find = (at: string) => {
    const segments = segmentsOf(at)
    return binding && segments && Access.routeTableOf(binding.apiId, binding.routes).routeOf(method, segments)
  }
  const route = find(path)
  if (route || isHttp(shape) || path.length < 2 || !path.endsWith('/'))
    return { authorization: route?.authorization ?? 'token', route }
  // REST APIs overlook one slash at the end; the authorizer does not, and refuses it wherever it is asked.
  const overlooked = find(path.slice(0, -1))
  return overlooked && BESIDE_THE_AUTHORIZER.has(overlooked.authorization)
    ? { authorization: overlooked.authorization, route: overlooked }
    : { authorization: 'token', route: undefined }
}

const BESIDE_THE_AUTHORIZER: ReadonlySet<Authorization> = new Set(['open', 'iam', 'api-key'])

const signed = async (
  { iam, integrate }: GatewayOptions,
  { request, coordinates, setup }: Visit,
): Promise<GatewayResponse> => {
  const caller = iam(request, coordinates)
  if (!caller.ok) return refusalsOf(setup.shape).signatureRefused(caller.error)
  return integrate(caller.value.request, caller.value.context)
}

const authorized = async (options: GatewayOptions, visit: Visit): Promise<GatewayResponse> => {
  const { request, coordinates, setup, route } = visit
  const refusals = refusalsOf(setup.shape)
  const identity = identityOf(setup.identitySources, request, route)
  if (!identity || !matches(setup, identity)) return refusals.unauthorized() // without asking the authorizer
  const answer = await answerFor(options, visit, identity)
  if (!answer.ok) return answer.error
  switch (verdictOf(answer.value, methodArnOf(coordinates, request.method, request.path))) {
    case 'allow':
      // A policy's `*` crosses slashes, and one that was kept may reach what no route takes: nothing lives there.
      if (route === undefined) return refusals.implicitDeny()
      return (
        byUsageKey(options.meter, answer.value, visit) ?? options.integrate(request, contextOf(answer.value))
      )
    case 'explicit-deny':
      return refusals.explicitDeny()
    case 'implicit-deny':
      return refusals.implicitDeny()
  }
}

const matches = ({ shape, tokenPattern }: GatewaySetup, [token = '']: readonly string[]): boolean =>
  shape !== 'rest-token' || tokenPattern === undefined || new RegExp(`^(?:${tokenPattern})$`).test(token)

const answerFor = async (
  { authorizers, cache, clock }: GatewayOptions,
  { request, coordinates, setup, route, ttlSeconds }: Visit,
  identity: readonly string[],
): Promise<Result<AuthorizerAnswer, GatewayResponse>> => {
  const now = clock()
  const answered = () => {
    const authorizer = setup.shape === 'http-simple' ? authorizers.simple : authorizers.policy
    return ask(authorizer, eventFor(setup.shape, { request, coordinates, route, identity, now }), setup.shape)
  }
  if (ttlSeconds === 0) return answered()
  const [stage, caller] = [stageNameOf(coordinates), JSON.stringify(identity)]
  const kept = cache.get(stage, caller, now.getTime())
  if (kept) return ok(kept)
  const answer = await answered()
  if (answer.ok) cache.put(stage, caller, answer.value, now.getTime() + ttlSeconds * 1_000)
  return answer
}
