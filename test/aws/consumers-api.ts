import type { CustomDomain, GatewayShape } from '@countersign/local/gateway'
import type { Deployment } from './deploy.ts'
import { invocationUri } from './resources/creator.ts'
import { createResource } from './resources/index.ts'
import type { Wire } from './wire.ts'
import { zipOf } from './zip.ts'

/** Another team's API: what docs/deploy.md tells them to do, done over the wire. */
export interface ConsumersApi {
  /** The emulator lets one choose it. */
  readonly gatewayId: string
  readonly stages: readonly string[]
  readonly authorizerCacheTtlSeconds?: number
  /** A path with no authorizer before it: `/notices/{id}`. */
  readonly openPath?: string
  /** A path that API keys open, with no authorizer before it. */
  readonly keyPath?: string
  /** Which kind of API it is, and how its authorizer is asked; a REST API with a `REQUEST` authorizer unless given. */
  readonly shape?: GatewayShape
  /** Mapped to the first stage. */
  readonly domains?: readonly CustomDomain[]
}

/** A backend that answers with what reached it, as the example upstream of the local gateway does. */
const BACKEND = `
const member = (name) => name.replaceAll(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())
exports.handler = async ({ requestContext, httpMethod = requestContext.http.method, path = requestContext.http.path }) => {
  const told = Object.entries(requestContext.authorizer?.lambda ?? requestContext.authorizer ?? {})
  const caller = Object.fromEntries(
    told.filter(([name]) => !['principalId', 'integrationLatency'].includes(name)).map(([name, value]) => [member(name), value]),
  )
  const body = JSON.stringify({ message: 'The backend says hello.', method: httpMethod, path, caller })
  console.log('called')
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body }
}
`

export const makeBackend = async (wire: Wire): Promise<string> => {
  const { arn } = (
    await createResource(wire, 'aws:iam/role:Role', 'BackendRole', {
      name: 'housing-backend',
      assumeRolePolicy: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
    })
  ).state
  const made = await wire.rest('lambda', 'POST /2015-03-31/functions', {
    FunctionName: 'housing-backend',
    Role: arn,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: zipOf('index.js', BACKEND).toString('base64') },
    Timeout: 10,
  })
  return String(made.FunctionArn)
}

const CHALLENGES = {
  UNAUTHORIZED: ['401', 'invalid_token'],
  ACCESS_DENIED: ['403', 'insufficient_scope'],
} as const

/** API Gateway sends no `Retry-After` by itself, and 403 for a missing key. */
const KEY_REFUSALS: Readonly<Record<string, { readonly statusCode: string; readonly retryAfter?: string }>> =
  {
    INVALID_API_KEY: { statusCode: '401' },
    THROTTLED: { statusCode: '429', retryAfter: '1' },
    QUOTA_EXCEEDED: { statusCode: '429', retryAfter: '3600' },
  }

/** An API with everything behind the platform's authorizer, and a stage for each environment. */
export const makeConsumersApi = (
  wire: Wire,
  deployment: Deployment,
  backend: string,
  api: ConsumersApi,
): Promise<void> =>
  (api.shape?.startsWith('http-') ? makeHttpApi : makeRestApi)(wire, deployment, backend, api)

const makeHttpApi: typeof makeConsumersApi = async (
  wire,
  { outputs },
  backend,
  { gatewayId, stages, authorizerCacheTtlSeconds = 0, shape },
) => {
  const make = (what: string, input: object) =>
    wire.rest('apigateway', `POST /v2/apis/${gatewayId}/${what}`, input)
  const api = { name: gatewayId, protocolType: 'HTTP', tags: { 'ms-custom-id': gatewayId } }
  await wire.rest('apigateway', 'POST /v2/apis', api)
  const isSimple = shape === 'http-simple'
  const { authorizerId } = await make('authorizers', {
    name: 'Countersign',
    authorizerType: 'REQUEST',
    authorizerUri: invocationUri(wire, isSimple ? outputs.simpleAuthorizer : outputs.authorizer),
    authorizerPayloadFormatVersion: '2.0',
    enableSimpleResponses: isSimple,
    identitySource: ['$request.header.Authorization'],
    authorizerResultTtlInSeconds: authorizerCacheTtlSeconds,
  })
  const { integrationId } = await make('integrations', {
    integrationType: 'AWS_PROXY',
    integrationUri: backend,
    payloadFormatVersion: '2.0',
  })
  await make('routes', {
    routeKey: 'ANY /{proxy+}',
    target: `integrations/${String(integrationId)}`,
    authorizationType: 'CUSTOM',
    authorizerId,
  })
  for (const stageName of stages) await make('stages', { stageName, autoDeploy: true })
}

const makeRestApi: typeof makeConsumersApi = async (
  wire,
  { outputs },
  backend,
  { gatewayId, stages, authorizerCacheTtlSeconds = 0, openPath = '', keyPath = '', shape, domains = [] },
) => {
  const make = (type: string, name: string, inputs: { readonly [member: string]: unknown }) =>
    createResource(wire, `aws:${type}`, `${gatewayId} ${name}`, inputs)
  const { id: restApi, state } = await make('apigateway/restApi:RestApi', 'Api', {
    name: gatewayId,
    endpointConfiguration: { types: 'REGIONAL' },
    tags: { 'ms-custom-id': gatewayId },
  })
  const authorizer = await make('apigateway/authorizer:Authorizer', 'Authorizer', {
    restApi,
    name: 'Countersign',
    type: shape === 'rest-token' ? 'TOKEN' : 'REQUEST',
    authorizerUri: invocationUri(wire, outputs.authorizer),
    identitySource: 'method.request.header.Authorization',
    authorizerResultTtlInSeconds: authorizerCacheTtlSeconds,
  })
  const under = async (path: string): Promise<string> => {
    let parentId = String(state.rootResourceId)
    for (const pathPart of path.split('/').filter((part) => part !== ''))
      parentId = (
        await make('apigateway/resource:Resource', `${path} ${pathPart}`, { restApi, parentId, pathPart })
      ).id
    return parentId
  }
  const serve = async (path: string, authorization: { readonly [member: string]: unknown }) => {
    const at = { restApi, resourceId: await under(path), httpMethod: 'ANY' }
    await make('apigateway/method:Method', `Any ${path}`, { ...at, ...authorization })
    await make('apigateway/integration:Integration', `Backend ${path}`, {
      ...at,
      type: 'AWS_PROXY',
      integrationHttpMethod: 'POST',
      uri: invocationUri(wire, backend),
    })
  }
  await serve('/{proxy+}', { authorization: 'CUSTOM', authorizerId: authorizer.id })
  if (openPath !== '') await serve(openPath, { authorization: 'NONE' })
  if (keyPath !== '') await serve(keyPath, { authorization: 'NONE', apiKeyRequired: true })
  for (const [responseType, [statusCode, error]] of Object.entries(CHALLENGES))
    await make('apigateway/response:Response', responseType, {
      restApiId: restApi,
      responseType,
      statusCode,
      responseParameters: {
        'gatewayresponse.header.WWW-Authenticate': `'Bearer realm="countersign", error="${error}"'`,
      },
    })
  for (const [responseType, { statusCode, retryAfter }] of Object.entries(KEY_REFUSALS))
    await make('apigateway/response:Response', responseType, {
      restApiId: restApi,
      responseType,
      statusCode,
      responseParameters: retryAfter ? { 'gatewayresponse.header.Retry-After': `'${retryAfter}'` } : {},
    })
  const { id: deployment } = await make('apigateway/deployment:Deployment', 'Deployment', { restApi })
  for (const stageName of stages)
    await make('apigateway/stage:Stage', stageName, { restApi, stageName, deployment })
  for (const { host, basePath = '' } of domains) {
    const domain = { domainName: host, endpointConfiguration: { types: ['REGIONAL'] } }
    await wire.rest('apigateway', 'POST /domainnames', domain)
    const mapping = { restApiId: gatewayId, stage: stages[0], basePath: basePath.replace('/', '') }
    await wire.rest('apigateway', `POST /domainnames/${host}/basepathmappings`, mapping)
  }
}
