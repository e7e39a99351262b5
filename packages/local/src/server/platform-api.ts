import { isUtf8 } from 'node:buffer'
import { Access } from '@countersign/core/access'
import { type Method, segmentsOf } from '@countersign/core/shared'
import { PROBLEM_MEDIA_TYPE, problemOf, type Reason } from '@countersign/functions/runtime/problem'
import { REQUEST_ANSWERED } from '@countersign/functions/runtime/request-line'
import type { Log, Services } from '@countersign/functions/runtime/services'
import { type HttpRouteName, routes } from '@countersign/topology'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { pathParametersOf } from '../gateway/authorizer-event.ts'
import type { Integration } from '../gateway/gateway.ts'
import {
  type AuthorizerContext,
  type GatewayRequest,
  type GatewayResponse,
  multiHeaders,
  singleHeaders,
} from '../gateway/message.ts'
import { AUTHORIZER_FAILURE } from '../gateway/responses.ts'
import { makeFrom } from '../runtime/modules.ts'
import { eventStreams, wantsStream } from './event-stream.ts'

/** Where the platform's own API lives, on one machine. */
export const PLATFORM_COORDINATES = {
  accountId: '000000000000',
  region: 'local',
  gatewayId: 'countersign',
  stage: 'local',
} as const

export interface TopologyRoute {
  readonly name: HttpRouteName
  readonly method: Method
  readonly path: string
  readonly authorization: 'token' | 'open'
  readonly module: string
}

export const topologyRoutes: readonly TopologyRoute[] = Object.entries(routes).map(([name, route]) => {
  const [method, path] = name.split(' ') as [Method, string]
  return {
    name: name as HttpRouteName,
    method,
    path,
    authorization: route.authorization,
    module: route.module,
  }
})

type Route = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>

/** Calls the function of a route, as a Lambda proxy integration does. */
const integration = (services: Services): Integration => {
  const handlers = new Map<string, Promise<Route>>()
  return async (request, context) => {
    const route = routeAsked(request)
    if (!route) throw new Error('a request without a route was let through')
    const handler =
      handlers.get(route.module) ??
      makeFrom<APIGatewayProxyEvent, APIGatewayProxyResult>(route.module, services)
    handlers.set(route.module, handler)
    handler.catch(() => handlers.delete(route.module)) // a failure is not kept: the next request tries again
    const { statusCode, headers, body } = await (await handler)(proxyEvent(request, route, context))
    return { status: statusCode, headers: headers as Record<string, string>, body }
  }
}

/** As `integration`, and the log of events as a stream where somebody wants one: many looks, and one request. */
export const platformIntegration = (services: Services): Integration => {
  const integrate = integration(services)
  const look = integration({ ...services, log: withoutRequests(services.log) })
  const streams = eventStreams(services)
  return async (request, context) => {
    if (routeAsked(request)?.name !== STREAMED || !wantsStream(request)) return integrate(request, context)
    let ask = integrate
    const next = (query: URLSearchParams) => {
      const answered = ask({ ...request, query: query.toString() }, context)
      ask = look
      return answered
    }
    return (await streams.open(request, next)) ?? problem('streams_full', request)
  }
}

const withoutRequests =
  (log: Log): Log =>
  (line) =>
    line.message === REQUEST_ANSWERED ? undefined : log(line)

/** The one route that is also told as it goes on. API Gateway and Lambda hold no stream: there it answers with a page. */
const STREAMED: HttpRouteName = 'GET /audit/events'

const routeAsked = ({ method, path }: GatewayRequest): TopologyRoute | undefined => {
  const segments = segmentsOf(path)
  return segments && Access.routeOf(topologyRoutes, method, segments)
}

/** What is not in the topology is not there, whoever asks: 404, or 405 where the path has other methods. */
export const missingRoute = (request: GatewayRequest): GatewayResponse | undefined => {
  if (routeAsked(request)) return undefined
  const segments = segmentsOf(request.path)
  const others = segments
    ? topologyRoutes.filter(({ method }) => routeAsked({ ...request, method })).map(({ method }) => method)
    : []
  const allowed = [...new Set(others)]
  if (allowed.length === 0) return problem('route_not_found', request)
  const response = problem('method_not_allowed', request)
  return { ...response, headers: { ...response.headers, allow: allowed.join(', ') } }
}

const problem = (reason: Reason, { id }: GatewayRequest): GatewayResponse => {
  const body = problemOf({ reason }, `urn:countersign:request:${id}`)
  return { status: body.status, headers: { 'content-type': PROBLEM_MEDIA_TYPE }, body: JSON.stringify(body) }
}

const REASONS: Readonly<Record<number, Reason>> = {
  401: 'unauthorized',
  403: 'forbidden',
  413: 'body_too_large',
}

/** What could not be checked may be a moment later (RFC 9110 §10.2.3). */
const UNCHECKED_RETRY_SECONDS = 1

/** What the gateway says by itself, as a problem: the gateway responses of the platform's own API. */
export const asProblem = (response: GatewayResponse, request: GatewayRequest): GatewayResponse => {
  const errorType = response.headers['x-amzn-errortype']
  if (errorType === undefined) return response
  if (errorType === AUTHORIZER_FAILURE) return unchecked(request)
  const told = problem(REASONS[response.status] ?? 'internal_error', request)
  const challenge = response.headers['www-authenticate']
  return { ...told, headers: { ...told.headers, ...(challenge && { 'www-authenticate': challenge }) } }
}

const unchecked = (request: GatewayRequest): GatewayResponse => {
  const told = problem('credential_unchecked', request)
  return { ...told, headers: { ...told.headers, 'retry-after': String(UNCHECKED_RETRY_SECONDS) } }
}

/** What is no text goes in base64, as a binary media type would. */
const bodyOf = (body: Buffer): Pick<APIGatewayProxyEvent, 'body' | 'isBase64Encoded'> => {
  if (body.length === 0) return { body: null, isBase64Encoded: false }
  return isUtf8(body)
    ? { body: body.toString(), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true }
}

const proxyEvent = (
  request: GatewayRequest,
  { path }: TopologyRoute,
  context: AuthorizerContext,
): APIGatewayProxyEvent =>
  ({
    resource: path,
    path: request.path,
    httpMethod: request.method,
    headers: singleHeaders(request),
    multiValueHeaders: multiHeaders(request),
    pathParameters: pathParametersOf(path, request.path),
    queryStringParameters: Object.fromEntries(new URLSearchParams(request.query)),
    multiValueQueryStringParameters: valuesByName(new URLSearchParams(request.query)),
    ...bodyOf(request.body),
    requestContext: { requestId: request.id, authorizer: context, identity: {} },
  }) as unknown as APIGatewayProxyEvent

const valuesByName = (query: URLSearchParams): Record<string, string[]> =>
  Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]))
