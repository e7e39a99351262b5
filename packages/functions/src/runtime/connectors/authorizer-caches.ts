import type { AuthorizerCaches } from '@countersign/core/registry'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Name, variable } from '../variables.ts'
import { pacing } from './pacing.ts'

export const authorizerCaches: Connector<AuthorizerCaches> = async () => {
  const { apiGatewayCaches } = await import('@countersign/aws/api-gateway-caches')
  const { environmentCredentials } = await import('@countersign/aws/authorizer')
  const pace = await pacing()
  return (environment) =>
    lazily(() =>
      apiGatewayCaches({
        pace: pace(environment),
        accountId: variable(environment, 'ACCOUNT_ID', Name),
        endpoint: environment.AWS_ENDPOINT_URL || undefined,
        credentials: () => environmentCredentials(environment),
      }),
    )
}
