import { type HttpRoute, type HttpRouteName, routes } from '@countersign/topology'
import { answers, routeName } from './api.ts'
import { GATEWAY_REFUSALS } from './refusals.ts'
import { restApi } from './rest-api.ts'
import { machineAccounts } from './stage.ts'

/**
 * Who may call: principals of the named accounts, as far as their own account lets them. The refusal is said as well,
 * because inside one account an identity's own policy would be enough.
 */
const ONLY_NAMED_ACCOUNTS = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'NamedAccounts',
      Effect: 'Allow',
      Principal: { AWS: machineAccounts },
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*',
    },
    {
      Sid: 'NobodyElse',
      Effect: 'Deny',
      Principal: '*',
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*',
      Condition: { StringNotEquals: { 'aws:PrincipalAccount': machineAccounts } },
    },
  ],
})

const REFUSALS = {
  ...GATEWAY_REFUSALS,
  /** Here it is also what API Gateway says of a request that is not signed. */
  MISSING_AUTHENTICATION_TOKEN: {
    status: 403,
    code: 'forbidden',
    title: 'The request is not signed, or there is no such route',
  },
} as const

/** The functions of the same routes once more, for callers that sign with IAM credentials instead of bearing a token. */
const serveMachines = (): sst.aws.ApiGatewayV1 => {
  const api = restApi('MachineApi', REFUSALS, { transform: { api: { policy: ONLY_NAMED_ACCOUNTS } } })
  for (const [route, { machines }] of Object.entries<HttpRoute>(routes))
    if (machines)
      api.route(route, answers[route as HttpRouteName].arn, {
        name: routeName(route),
        auth: { iam: true },
      })
  api.deploy()
  return api
}

/** Undefined as long as no account is named: then there is nothing to call. */
export const machineApi = machineAccounts.length > 0 ? serveMachines() : undefined
