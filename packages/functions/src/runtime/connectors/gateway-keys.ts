import type { GatewayKeys } from '@countersign/core/usage-plan'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { pacing } from './pacing.ts'

export const gatewayKeys: Connector<GatewayKeys> = async () => {
  const { apiGatewayKeys } = await import('@countersign/aws/api-gateway-keys')
  const pace = await pacing()
  return (environment) => lazily(() => apiGatewayKeys({ pace: pace(environment) }))
}
