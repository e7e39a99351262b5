import { type HttpRoute, type HttpRouteName, routes } from '@countersign/topology'
import { authorizes } from './authorizer.ts'
import { each } from './each.ts'
import { functionOf } from './function.ts'
import { GATEWAY_REFUSALS } from './refusals.ts'
import { restApi } from './rest-api.ts'
import { domain } from './stage.ts'

/** Below API Gateway's own 29 s, so that it is the function that answers. */
const TIMEOUT_SECONDS = 28

const api = restApi(
  'Api',
  GATEWAY_REFUSALS,
  domain && {
    domain,
    transform: { domainName: { securityPolicy: 'TLS_1_2' } },
  },
)

const token = api.addAuthorizer({
  name: 'Token',
  requestFunction: authorizes.arn,
  identitySource: 'method.request.header.Authorization',
  ttl: 0,
})

/** `GET /tokens/{id}` → `GetTokensId`: what an operator sees in the console. */
export const routeName = (route: string) =>
  (route.match(/[A-Za-z]+/g) ?? [])
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join('')

/** By route: the function that answers it. */
export const answers = each<HttpRouteName, HttpRoute, sst.aws.Function>(routes, (http, route) =>
  functionOf(`${routeName(route)}Route`, http, { description: route, timeoutSeconds: TIMEOUT_SECONDS }),
)

for (const [route, { authorization }] of Object.entries<HttpRoute>(routes))
  api.route(route, answers[route as HttpRouteName].arn, {
    name: routeName(route),
    ...(authorization === 'token' && { auth: { custom: token.id } }),
  })

api.deploy()

export const gateway = api.nodes.api
export const { url } = api
