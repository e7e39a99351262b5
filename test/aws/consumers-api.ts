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
}

/** A backend that answers with what reached it, as the example upstream of the local gateway does. */
const BACKEND = `
const member = (name) => name.replaceAll(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())
exports.handler = async ({ httpMethod, path, requestContext }) => {
  const told = Object.entries(requestContext.authorizer ?? {})
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

/** A REST API with everything behind the platform's authorizer, and a stage for each environment. */
export const makeConsumersApi = async (
  wire: Wire,
  { outputs }: Deployment,
  backend: string,
  { gatewayId, stages, authorizerCacheTtlSeconds = 0, openPath = '', keyPath = '' }: ConsumersApi,
): Promise<void> => {
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
    type: 'REQUEST',
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
}
