import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { RootSecretStore } from '@countersign/core/shared'
import { Redacted } from '@countersign/core/shared'
import { clientSettings, within } from './calls.ts'
import { NO_SUCH_VERSION } from './ring-text.ts'

export interface SecretsManagerRootSecretOptions {
  /** Name or ARN of the secret. */
  readonly secret: string
  readonly client?: SecretsManagerClient
}

const LIMIT_MILLISECONDS = 5_000

/** Always the same, so that Secrets Manager refuses a second value in place of the first. */
const FIRST_VERSION = '00000000-0000-4000-8000-000000000001'

/** A secret that others are derived from as the one version of a secret. */
export const secretsManagerRootSecret = (options: SecretsManagerRootSecretOptions): RootSecretStore => {
  const client = options.client ?? new SecretsManagerClient(clientSettings(2_000))
  const SecretId = options.secret
  return {
    read: () => read(client, SecretId),
    create: async (secret) => {
      if (await read(client, SecretId)) return
      const command = new PutSecretValueCommand({
        SecretId,
        ClientRequestToken: FIRST_VERSION,
        SecretString: secret.reveal(),
      })
      await within(LIMIT_MILLISECONDS, 'keeping a root secret', (limit) =>
        client.send(command, limit).catch((error: unknown) => {
          if (!(error instanceof ResourceExistsException)) throw error
        }),
      )
    },
  }
}

const read = (client: SecretsManagerClient, SecretId: string): Promise<Redacted<string> | undefined> =>
  within(LIMIT_MILLISECONDS, 'reading a root secret', async (limit) => {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }), limit)
      return SecretString ? new Redacted(SecretString) : undefined
    } catch (error) {
      if (error instanceof ResourceNotFoundException && NO_SUCH_VERSION.test(error.message)) return undefined
      // A parser quotes what it could not read, and here that is a secret.
      throw error instanceof SyntaxError ? new Error('the answer is not JSON') : error
    }
  })
