import { type Coordinates, type Method, segmentsOf } from '@countersign/core/shared'
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import { type GatewayRequest, multiHeaders, singleHeaders } from './message.ts'

/** The ARN that API Gateway asks about: the path as the client sent it. */
export const methodArnOf = (
  { accountId, region, gatewayId, stage }: Coordinates,
  method: string,
  path: string,
): string => `arn:aws:execute-api:${region}:${accountId}:${gatewayId}/${stage}/${method}${path}`

/** The event of a REST API's authorizer of the type `REQUEST`. */
export const authorizerEvent = (
  request: GatewayRequest,
  coordinates: Coordinates,
  resource: string,
): APIGatewayRequestAuthorizerEvent => ({
  type: 'REQUEST',
  methodArn: methodArnOf(coordinates, request.method, request.path),
  resource,
  path: request.path,
  httpMethod: request.method,
  headers: singleHeaders(request),
  multiValueHeaders: multiHeaders(request),
  pathParameters: {},
  queryStringParameters: Object.fromEntries(new URLSearchParams(request.query)),
  multiValueQueryStringParameters: {},
  stageVariables: {},
  requestContext: {
    accountId: coordinates.accountId,
    apiId: coordinates.gatewayId,
    stage: coordinates.stage,
    requestId: request.id,
    httpMethod: request.method as Method,
    path: `/${coordinates.stage}${request.path}`,
    protocol: 'HTTP/1.1',
    resourceId: resource,
    resourcePath: resource,
    requestTimeEpoch: 0,
    authorizer: undefined,
    identity: {
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
    },
  },
})

/** The values of a template's parameters in a path that it matches, as they were sent. */
export const pathParametersOf = (template: string, path: string): Record<string, string> => {
  const names = template.slice(1).split('/')
  const values = path.slice(1).split('/')
  if (!segmentsOf(path)) return {}
  return Object.fromEntries(
    names.flatMap((name, index) => {
      const [, parameter, greedy] = /^\{([^{}+]+)(\+)?\}$/.exec(name) ?? []
      if (parameter === undefined) return []
      return [[parameter, greedy ? values.slice(index).join('/') : (values[index] ?? '')]]
    }),
  )
}
