import { type Creator, creator, given } from './creator.ts'

const account = creator<{ cloudwatchRoleArn: string }>(async (wire, { cloudwatchRoleArn }) => {
  await wire.rest('apigateway', 'PATCH /account', {
    patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: cloudwatchRoleArn }],
  })
  return { id: 'api-gateway-account' }
})

interface RestApi {
  readonly name: string
  readonly endpointConfiguration: { readonly types: string }
  readonly policy?: string
  /** The emulator takes the id from a tag. */
  readonly tags?: Readonly<Record<string, string>>
}

const restApi = creator<RestApi>(async (wire, asked) => {
  const { id, rootResourceId } = await wire.rest(
    'apigateway',
    'POST /restapis',
    given({
      name: asked.name,
      endpointConfiguration: { types: [asked.endpointConfiguration.types] },
      policy: asked.policy,
      tags: asked.tags && { ...asked.tags },
    }),
  )
  return {
    id: String(id),
    rootResourceId,
    arn: `arn:aws:apigateway:${wire.region}::/restapis/${id}`,
    executionArn: `arn:aws:execute-api:${wire.region}:${wire.account}:${id}`,
  }
})

const path = creator<{ restApi: string; parentId: string; pathPart: string }>(async (wire, asked) => {
  const made = await wire.rest('apigateway', `POST /restapis/${asked.restApi}/resources/${asked.parentId}`, {
    pathPart: asked.pathPart,
  })
  return { id: String(made.id), path: made.path }
})

interface Authorizer {
  readonly restApi: string
  readonly name: string
  readonly type: string
  readonly authorizerUri: string
  readonly identitySource: string
  readonly authorizerResultTtlInSeconds: number
}

const authorizer = creator<Authorizer>(async (wire, asked) => {
  const made = await wire.rest('apigateway', `POST /restapis/${asked.restApi}/authorizers`, {
    name: asked.name,
    type: asked.type,
    authorizerUri: asked.authorizerUri,
    identitySource: asked.identitySource,
    authorizerResultTtlInSeconds: asked.authorizerResultTtlInSeconds,
  })
  return { id: String(made.id) }
})

interface Method {
  readonly restApi: string
  readonly resourceId: string
  readonly httpMethod: string
  readonly authorization: string
  readonly authorizerId?: string
  readonly apiKeyRequired?: boolean
}

const at = ({
  restApi,
  resourceId,
  httpMethod,
}: Pick<Method, 'restApi' | 'resourceId' | 'httpMethod'>): `/${string}` =>
  `/restapis/${restApi}/resources/${resourceId}/methods/${httpMethod}`

const method = creator<Method>(async (wire, asked) => {
  const input = given({
    authorizationType: asked.authorization,
    authorizerId: asked.authorizerId,
    apiKeyRequired: asked.apiKeyRequired,
  })
  await wire.rest('apigateway', `PUT ${at(asked)}`, input)
  return { id: `agm-${asked.restApi}-${asked.resourceId}-${asked.httpMethod}` }
})

interface Integration extends Pick<Method, 'restApi' | 'resourceId' | 'httpMethod'> {
  readonly type: string
  readonly uri: string
  readonly integrationHttpMethod: string
  readonly responseTransferMode?: string
}

const integration = creator<Integration>(async (wire, asked) => {
  if (asked.responseTransferMode !== undefined && asked.responseTransferMode !== 'BUFFERED')
    throw new Error('streamed answers are not covered')
  await wire.rest('apigateway', `PUT ${at(asked)}/integration`, {
    type: asked.type,
    // The member of the wire's that the SDKs call `integrationHttpMethod`.
    httpMethod: asked.integrationHttpMethod,
    uri: asked.uri,
  })
  return { id: `agi-${asked.restApi}-${asked.resourceId}-${asked.httpMethod}` }
})

interface GatewayResponse {
  readonly restApiId: string
  readonly responseType: string
  readonly statusCode?: string
  readonly responseParameters: Readonly<Record<string, string>>
  readonly responseTemplates?: Readonly<Record<string, string>>
}

const gatewayResponse = creator<GatewayResponse>(async (wire, asked) => {
  const input = given({
    statusCode: asked.statusCode,
    responseParameters: { ...asked.responseParameters },
    responseTemplates: asked.responseTemplates && { ...asked.responseTemplates },
  })
  await wire.rest(
    'apigateway',
    `PUT /restapis/${asked.restApiId}/gatewayresponses/${asked.responseType}`,
    input,
  )
  return { id: `aggr-${asked.restApiId}-${asked.responseType}` }
})

const deployment = creator<{ restApi: string; triggers?: unknown }>(async (wire, { restApi }) => {
  const { id } = await wire.rest('apigateway', `POST /restapis/${restApi}/deployments`)
  return { id: String(id) }
})

interface Stage {
  readonly restApi: string
  readonly stageName: string
  readonly deployment: string
  readonly accessLogSettings?: { readonly destinationArn: string; readonly format: string }
}

const stage = creator<Stage>(async (wire, asked) => {
  const { restApi: api, stageName, accessLogSettings } = asked
  await wire.rest('apigateway', `POST /restapis/${api}/stages`, {
    stageName,
    deploymentId: asked.deployment,
  })
  if (accessLogSettings)
    await wire.rest('apigateway', `PATCH /restapis/${api}/stages/${stageName}`, {
      patchOperations: [
        { op: 'replace', path: '/accessLogSettings/destinationArn', value: accessLogSettings.destinationArn },
        { op: 'replace', path: '/accessLogSettings/format', value: accessLogSettings.format },
      ],
    })
  return { id: `ags-${api}-${stageName}` }
})

export const gateway: Readonly<Record<string, Creator>> = {
  'aws:apigateway/account:Account': account,
  'aws:apigateway/restApi:RestApi': restApi,
  'aws:apigateway/resource:Resource': path,
  'aws:apigateway/authorizer:Authorizer': authorizer,
  'aws:apigateway/method:Method': method,
  'aws:apigateway/integration:Integration': integration,
  'aws:apigateway/response:Response': gatewayResponse,
  'aws:apigateway/deployment:Deployment': deployment,
  'aws:apigateway/stage:Stage': stage,
}
