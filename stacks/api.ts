import { type HttpRoute, type HttpRouteName, routes } from '@countersign/topology'
import { authorizes } from './authorizer.ts'
import { each } from './each.ts'
import { functionOf } from './function.ts'
import { GATEWAY_REFUSALS, type GatewayRefusal, problemTemplate } from './refusals.ts'

/** Below API Gateway's own 29 s, so that it is the function that answers. */
const TIMEOUT_SECONDS = 28

const api = new sst.aws.ApiGatewayV1('Api', {
  // Routes are those of the topology; a browser meets this API on its own origin.
  cors: false,
  endpoint: { type: 'regional' },
  accessLog: { retention: '3 months' },
  transform: {
    deployment: (deployment, options) => {
      // A stage serves what its deployment took a picture of, so a changed refusal needs a new one.
      deployment.triggers = $resolve([deployment.triggers ?? {}]).apply(([routed]) => ({
        ...routed,
        refusals: JSON.stringify(GATEWAY_REFUSALS),
      }))
      options.dependsOn = Object.values(refusals)
    },
  },
})

const quoted = (value: string) => `'${value}'`

const refusal = (responseType: string, refused: GatewayRefusal) =>
  new aws.apigateway.Response(`ApiRefusal${responseType}`, {
    restApiId: api.nodes.api.id,
    responseType,
    ...(refused.status !== undefined && { statusCode: `${refused.status}` }),
    responseParameters: {
      'gatewayresponse.header.Content-Type': quoted('application/problem+json'),
      ...(refused.challenge && {
        'gatewayresponse.header.WWW-Authenticate': quoted(refused.challenge),
      }),
    },
    // The key is what API Gateway looks a template up by; the header above is what the caller sees.
    responseTemplates: { 'application/json': problemTemplate(refused) },
  })

const refusals = each(GATEWAY_REFUSALS, (refused, responseType) => refusal(responseType, refused))

const token = api.addAuthorizer({
  name: 'Token',
  requestFunction: authorizes.arn,
  identitySource: 'method.request.header.Authorization',
  ttl: 0,
})

/** `GET /tokens/{id}` → `GetTokensId`: what an operator sees in the console. */
const nameOf = (route: string) =>
  (route.match(/[A-Za-z]+/g) ?? [])
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('')

const serve = (route: HttpRouteName, http: HttpRoute) => {
  const name = nameOf(route)
  const answers = functionOf(`${name}Route`, http, { description: route, timeoutSeconds: TIMEOUT_SECONDS })
  api.route(route, answers.arn, {
    name,
    ...(http.authorization === 'token' && { auth: { custom: token.id } }),
  })
}

each<HttpRouteName, HttpRoute, void>(routes, (http, route) => serve(route, http))

api.deploy()

export const gateway = api.nodes.api
export const { url } = api
