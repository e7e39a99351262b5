import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Redacted } from '@countersign/core/shared'
import { clientSettings, within } from './calls.ts'

export interface SecretTextOptions {
  /** Name or ARN of the secret. */
  readonly secret: () => string
  readonly client?: SecretsManagerClient
}

const LIMIT_MILLISECONDS = 5_000

/** Reads the text of a secret as it is now: what somebody else put there and may replace at any time. Throws when there is none. */
export const secretText = ({ secret, client }: SecretTextOptions): (() => Promise<Redacted<string>>) => {
  let made = client
  return async () => {
    made ??= new SecretsManagerClient(clientSettings(2_000))
    const asked = made
    const command = new GetSecretValueCommand({ SecretId: secret() })
    const { SecretString } = await within(LIMIT_MILLISECONDS, 'reading a secret', (limit) =>
      asked.send(command, limit),
    )
    if (!SecretString) throw new Error('the secret has no text yet')
    return new Redacted(SecretString)
  }
}
