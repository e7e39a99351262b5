import type { Redacted } from '../shared/redacted.ts'

/** Keeps the secret that the values of API keys are derived from: unpadded base64url, made once. */
export interface ApiKeySecretStore {
  read(): Promise<Redacted<string> | undefined>
  /** Keeps the first that it is given; of two at once one stays, whichever it is. */
  create(secret: Redacted<string>): Promise<void>
}
