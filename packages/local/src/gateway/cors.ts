import type { DeploymentBinding } from '@countersign/core/access'
import { Access } from '@countersign/core/access'
import { segmentsOf } from '@countersign/core/shared'
import { type GatewayRequest, type GatewayResponse, headersNamed } from './message.ts'
import { refusalsOf } from './responses.ts'
import { type GatewaySetup, isHttp } from './setup.ts'

/** Of an HTTP API, its own setting; of a REST API, mock `OPTIONS` methods beside its methods. */
export interface Cors {
  /** `*`, or origins such as `https://app.example.org`. */
  readonly allowOrigins: readonly string[]
  readonly allowMethods?: readonly string[]
  readonly allowHeaders?: readonly string[]
  readonly exposeHeaders?: readonly string[]
  readonly maxAgeSeconds?: number
  readonly allowCredentials?: boolean
}

/**
 * What API Gateway says to `OPTIONS` by itself, without an authorizer: a preflight carries no credential (Fetch standard
 * §3.3), so none can open it and none may block it. Undefined: a registered route takes it, with its own authorization.
 */
export const preflightAnswer = (
  { shape, cors }: GatewaySetup,
  binding: DeploymentBinding | undefined,
  request: GatewayRequest,
): GatewayResponse | undefined => {
  if (request.method !== 'OPTIONS' || !binding) return undefined
  const route = routeFor(binding, request)
  if (isHttp(shape)) {
    if (cors && isPreflight(request))
      return { status: 204, headers: preflightHeaders(cors, request), body: '' }
    return route ? undefined : refusalsOf(shape).notFound()
  }
  if (route?.method === 'OPTIONS') return undefined
  if (cors && hasPath(binding, request))
    return { status: 200, headers: preflightHeaders(cors, request), body: '' }
  return route ? undefined : refusalsOf(shape).notFound()
}

const isPreflight = (request: GatewayRequest): boolean =>
  headersNamed(request, 'origin').length > 0 &&
  headersNamed(request, 'access-control-request-method').length > 0

const routeFor = ({ routes }: DeploymentBinding, { method, path }: GatewayRequest) => {
  const segments = segmentsOf(path)
  return segments && Access.routeOf(routes, method, segments)
}

const hasPath = (binding: DeploymentBinding, request: GatewayRequest): boolean =>
  binding.routes.some(({ method }) => routeFor(binding, { ...request, method }) !== undefined)

const preflightHeaders = (cors: Cors, request: GatewayRequest): Record<string, string> => {
  const origin = originHeaders(cors, request)
  if (!('access-control-allow-origin' in origin)) return {}
  const { allowMethods = [], allowHeaders = [], maxAgeSeconds } = cors
  return {
    ...origin,
    ...(allowMethods.length > 0 && { 'access-control-allow-methods': allowMethods.join(',') }),
    ...(allowHeaders.length > 0 && { 'access-control-allow-headers': allowHeaders.join(',') }),
    ...(maxAgeSeconds !== undefined && { 'access-control-max-age': String(maxAgeSeconds) }),
  }
}

const originHeaders = (
  { allowOrigins, allowCredentials }: Cors,
  request: GatewayRequest,
): Record<string, string> => {
  const [origin = ''] = headersNamed(request, 'origin')
  const allowed = allowOrigins.includes('*') ? '*' : allowOrigins.find((one) => one === origin)
  return {
    ...(allowed !== undefined && { 'access-control-allow-origin': allowed }),
    ...(allowed !== undefined && allowCredentials && { 'access-control-allow-credentials': 'true' }),
  }
}

/** An HTTP API puts its own CORS headers in the place of the backend's; a REST API leaves them to the backend. */
export const withCors = (
  { shape, cors }: GatewaySetup,
  request: GatewayRequest,
  response: GatewayResponse,
): GatewayResponse => {
  if (!cors || !isHttp(shape) || headersNamed(request, 'origin').length === 0) return response
  const backend = Object.entries(response.headers).filter(([name]) => !/^access-control-/i.test(name))
  const { exposeHeaders = [] } = cors
  const exposed = exposeHeaders.length > 0 && { 'access-control-expose-headers': exposeHeaders.join(',') }
  return {
    ...response,
    headers: { ...Object.fromEntries(backend), ...originHeaders(cors, request), ...exposed },
  }
}
