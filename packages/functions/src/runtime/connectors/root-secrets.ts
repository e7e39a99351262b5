import type { RootSecretStore } from '@countersign/core/shared'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import type { Environment } from '../services.ts'
import { Name, variable } from '../variables.ts'

const rootSecretIn = async (secret: string) => {
  const { secretsManagerRootSecret } = await import('@countersign/aws/secrets-manager-root-secret')
  return (environment: Environment): RootSecretStore =>
    lazily(() => secretsManagerRootSecret({ secret: variable(environment, secret, Name) }))
}

export const apiKeySecret: Connector<RootSecretStore> = () => rootSecretIn('API_KEY_SECRET')
export const webhookSecret: Connector<RootSecretStore> = () => rootSecretIn('WEBHOOK_SECRET')
