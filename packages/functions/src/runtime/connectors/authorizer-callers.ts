import type { AuthorizerCallers } from '@countersign/core/registry'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Name, Names, variable } from '../variables.ts'

export const authorizerCallers: Connector<AuthorizerCallers> = async () => {
  const { lambdaAuthorizerCallers } = await import('@countersign/aws/lambda-authorizer-callers')
  const { environmentCredentials } = await import('@countersign/aws/authorizer')
  return (environment) =>
    lazily(() =>
      lambdaAuthorizerCallers({
        functionNames: variable(environment, 'AUTHORIZER_FUNCTIONS', Names),
        region: variable(environment, 'AWS_REGION', Name),
        endpoint: environment.AWS_ENDPOINT_URL || undefined,
        credentials: () => environmentCredentials(environment),
      }),
    )
}
