import type { Identities } from '@countersign/core/session'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'

export const identities: Connector<Identities> = async () => {
  const { connectIdentities } = await import('../identity/connect-identities.ts')
  return (environment) => lazily(() => connectIdentities(environment))
}
