import { type Coordinates, formatRoute, type ProtectedRoute, segmentsOf } from '@countersign/core/shared'
import type {
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda'
import { cookiesOf, type GatewayRequest, joinedHeaders, multiHeaders, singleHeaders } from './message.ts'
import { DEFAULT_STAGE, type GatewayShape } from './setup.ts'

/** A request on its way to an authorizer. */
export interface Asked {
  readonly request: GatewayRequest
  readonly coordinates: Coordinates
  /** Undefined: no registered route takes it. */
  readonly route: ProtectedRoute | undefined
  /** The values of the identity sources. */
  readonly identity: readonly string[]
  readonly now: Date
}

/** The ARN that API Gateway asks about: the path as the client sent it, never a base path. */
export const methodArnOf = (
  { accountId, region, gatewayId, stage }: Coordinates,
  method: string,
  path: string,
): string => `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/${method}${path}`

export const eventFor = (shape: GatewayShape, asked: Asked): object => {
  switch (shape) {
    case 'rest-request':
      return requestEvent(asked)
    case 'rest-token':
      return tokenEvent(asked)
    case 'http-iam':
    case 'http-simple':
      return httpEvent(asked)
  }
}

const tokenEvent = ({ request, coordinates, identity }: Asked): APIGatewayTokenAuthorizerEvent => ({
  type: 'TOKEN',
  authorizationToken: identity[0] ?? '',
  methodArn: methodArnOf(coordinates, request.method, request.path),
})

const domainOf = ({ domain }: GatewayRequest, { gatewayId, region }: Coordinates): string =>
  domain ?? `${gatewayId}.execute-api.${region}.amazonaws.com`

const requestEvent = ({ request, coordinates, route, now }: Asked): APIGatewayRequestAuthorizerEvent => {
  const { method, path } = request
  const resource = route?.path ?? '/{proxy+}'
  return {
    type: 'REQUEST',
    methodArn: methodArnOf(coordinates, method, path),
    resource,
    path: request.domain === undefined ? path : request.wirePath,
    httpMethod: method,
    headers: singleHeaders(request),
    multiValueHeaders: multiHeaders(request),
    pathParameters: route ? pathParametersOf(route.path, path) : {},
    ...queryOf(request),
    stageVariables: {},
    requestContext: {
      accountId: coordinates.accountId,
      apiId: coordinates.gatewayId,
      stage: coordinates.stage,
      requestId: request.id,
      httpMethod: method,
      path: request.domain === undefined ? `/${coordinates.stage}${path}` : request.wirePath,
      domainName: domainOf(request, coordinates),
      protocol: 'HTTP/1.1',
      resourceId: resource,
      resourcePath: resource,
      requestTimeEpoch: now.getTime(),
      authorizer: undefined,
      identity: NOBODY,
    },
  }
}

const queryOf = ({
  query,
}: GatewayRequest): Pick<
  APIGatewayRequestAuthorizerEvent,
  'queryStringParameters' | 'multiValueQueryStringParameters'
> => {
  if (query === '') return { queryStringParameters: {}, multiValueQueryStringParameters: {} }
  const parameters = new URLSearchParams(query)
  return {
    queryStringParameters: Object.fromEntries(parameters),
    multiValueQueryStringParameters: valuesByName(parameters),
  }
}

const NOBODY = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: '127.0.0.1',
  user: null,
  userAgent: null,
  userArn: null,
} as const

const httpEvent = (asked: Asked): APIGatewayRequestAuthorizerEventV2 => {
  const { request, coordinates, route, identity, now } = asked
  const routeKey = routeKeyOf(route)
  const rawPath = rawPathOf(request, coordinates)
  const headers = joinedHeaders(request)
  const query = new URLSearchParams(request.query)
  const domainName = domainOf(request, coordinates)
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: methodArnOf(coordinates, request.method, request.path),
    identitySource: [...identity],
    routeKey,
    rawPath,
    rawQueryString: request.query,
    cookies: [...cookiesOf(request)],
    headers,
    queryStringParameters: Object.fromEntries(
      Object.entries(valuesByName(query)).map(([name, values]) => [name, values.join(',')]),
    ),
    pathParameters: route ? pathParametersOf(route.path, request.path) : {},
    stageVariables: {},
    requestContext: {
      accountId: coordinates.accountId,
      apiId: coordinates.gatewayId,
      domainName,
      domainPrefix: domainName.split('.', 1).join(''),
      http: {
        method: request.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.id,
      routeKey,
      stage: coordinates.stage,
      time: now.toISOString(),
      timeEpoch: now.getTime(),
    },
  }
}

/** A request that no route takes falls to the route `$default`. */
export const routeKeyOf = (route: ProtectedRoute | undefined): string =>
  route ? formatRoute(route) : '$default'

/** Decoded, whatever its name says; with the base path of a custom domain, or with the stage where it has a name. */
const rawPathOf = ({ domain, wirePath, path }: GatewayRequest, { stage }: Coordinates): string => {
  const whole = domain !== undefined ? wirePath : stage === DEFAULT_STAGE ? path : `/${stage}${path}`
  try {
    return decodeURIComponent(whole)
  } catch {
    return whole
  }
}

const valuesByName = (query: URLSearchParams): Record<string, string[]> =>
  Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]))

/** The values of a template's parameters in a path that it matches, as they were sent. */
export const pathParametersOf = (template: string, path: string): Record<string, string> => {
  const names = template.slice(1).split('/')
  const values = path.slice(1).split('/')
  if (!segmentsOf(path)) return {}
  return Object.fromEntries(
    names.flatMap((name, index) => {
      if (!name.startsWith('{')) return []
      const [, parameter, greedy] = /^\{([^{}+]+)(\+)?\}$/.exec(name) ?? []
      if (parameter === undefined) return []
      return [[parameter, greedy ? values.slice(index).join('/') : (values[index] ?? '')]]
    }),
  )
}
