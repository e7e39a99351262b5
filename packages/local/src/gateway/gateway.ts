import { Access, type AccessRowReader, type DeploymentBinding } from '@countersign/core/access'
import { type Authorization, type Coordinates, segmentsOf } from '@countersign/core/shared'
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import type { AuthorizerCache } from './authorizer-cache.ts'
import { authorizerEvent, methodArnOf } from './authorizer-event.ts'
import { evaluatePolicy } from './iam-policy.ts'
import { type AuthorizerContext, type GatewayRequest, type GatewayResponse, headersNamed } from './message.ts'
import { gatewayResponses } from './responses.ts'

export type Authorizer = (event: APIGatewayRequestAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>

/** Who answers once a request was let through. */
export type Integration = (request: GatewayRequest, context: AuthorizerContext) => Promise<GatewayResponse>

export interface GatewayOptions {
  readonly accessRows: AccessRowReader
  readonly authorizer: Authorizer
  readonly cache: AuthorizerCache
  readonly clock: () => Date
  /** Where a gateway id and a stage are: account and region are not in a URL. */
  readonly coordinatesOf: (gatewayId: string, stage: string) => Coordinates
  readonly integrate: Integration
}

/** API Gateway (REST), as far as protection goes: every request passes through here, and nothing else lets one through. */
export const createGateway =
  (options: GatewayOptions) =>
  async (request: GatewayRequest): Promise<GatewayResponse> => {
    const coordinates = options.coordinatesOf(request.gatewayId, request.stage)
    const binding = await bindingAt(options.accessRows, coordinates)
    const { authorization, template } = methodAsked(binding, request)
    switch (authorization) {
      case 'open':
        return options.integrate(request, {})
      case 'iam':
        return gatewayResponses.missingAuthenticationToken()
      case 'api-key':
        return gatewayResponses.invalidApiKey()
      case 'token':
      case 'group':
      case 'token+group':
        return authorized(options, request, coordinates, template, binding?.authorizerCacheTtlSeconds ?? 0)
    }
  }

const bindingAt = async (
  accessRows: AccessRowReader,
  coordinates: Coordinates,
): Promise<DeploymentBinding | undefined> => {
  const key = Access.deploymentRowKey(coordinates, 0)
  return Access.bindingOf((await accessRows.read([key])).get(key))
}

/** A request that no registered route takes (`template` undefined) stands behind the authorizer too, which refuses it. */
const methodAsked = (
  binding: DeploymentBinding | undefined,
  { method, path }: GatewayRequest,
): { readonly authorization: Authorization; readonly template: string | undefined } => {
  const segments = segmentsOf(path)
  const route = binding && segments && Access.routeOf(binding.routes, method, segments)
  return { authorization: route?.authorization ?? 'token', template: route?.path }
}

const authorized = async (
  options: GatewayOptions,
  request: GatewayRequest,
  coordinates: Coordinates,
  template: string | undefined,
  ttlSeconds: number,
): Promise<GatewayResponse> => {
  const identity = headersNamed(request, 'authorization').at(-1)
  if (!identity) return gatewayResponses.unauthorized() // without asking the authorizer
  const resource = template ?? '/{proxy+}'
  const answer = await answerFor(options, request, coordinates, resource, { identity, ttlSeconds })
  if ('status' in answer) return answer
  switch (evaluatePolicy(answer.policyDocument, methodArnOf(coordinates, request.method, request.path))) {
    case 'allow':
      // A policy's `*` crosses slashes, and one that was kept may reach what no route takes: nothing lives there.
      if (template === undefined) return gatewayResponses.implicitDeny()
      return options.integrate(request, contextOf(answer))
    case 'explicit-deny':
      return gatewayResponses.explicitDeny()
    case 'implicit-deny':
      return gatewayResponses.implicitDeny()
  }
}

const answerFor = async (
  { authorizer, cache, clock }: GatewayOptions,
  request: GatewayRequest,
  coordinates: Coordinates,
  template: string,
  { identity, ttlSeconds }: { readonly identity: string; readonly ttlSeconds: number },
): Promise<APIGatewayAuthorizerResult | GatewayResponse> => {
  const stage = `${coordinates.gatewayId}/${coordinates.stage}`
  const asked = clock().getTime()
  const kept = ttlSeconds > 0 ? cache.get(stage, identity, asked) : undefined
  if (kept) return kept
  const answer = await ask(authorizer, authorizerEvent(request, coordinates, template))
  if ('status' in answer) return answer
  if (ttlSeconds > 0) cache.put(stage, identity, answer, asked + ttlSeconds * 1_000)
  return answer
}

/** API Gateway waits this long for an authorizer. */
const AUTHORIZER_MILLISECONDS = 10_000

const ask = async (
  authorizer: Authorizer,
  event: APIGatewayRequestAuthorizerEvent,
): Promise<APIGatewayAuthorizerResult | GatewayResponse> => {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, AUTHORIZER_MILLISECONDS, undefined)
  })
  try {
    const answer: unknown = await Promise.race([authorizer(event), tooLate])
    return isAnswer(answer) ? answer : gatewayResponses.authorizerConfiguration()
  } catch (error) {
    const unauthorized = error instanceof Error && error.message === 'Unauthorized'
    return unauthorized ? gatewayResponses.unauthorized() : gatewayResponses.authorizerFailure()
  } finally {
    clearTimeout(timer)
  }
}

/** A missing principal, no policy, or a context that is not flat: AuthorizerConfigurationException. */
const isAnswer = (answer: unknown): answer is APIGatewayAuthorizerResult => {
  if (typeof answer !== 'object' || answer === null) return false
  const { principalId, policyDocument, context } = answer as Partial<APIGatewayAuthorizerResult>
  if (typeof principalId !== 'string' || principalId === '') return false
  if (!Array.isArray(policyDocument?.Statement) || policyDocument.Statement.length === 0) return false
  return Object.values(context ?? {}).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
}

const contextOf = ({ principalId, context }: APIGatewayAuthorizerResult): AuthorizerContext => ({
  principalId,
  ...Object.fromEntries(Object.entries(context ?? {}).map(([name, value]) => [name, String(value)])),
})
