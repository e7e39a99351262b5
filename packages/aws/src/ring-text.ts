import { Redacted } from '@countersign/core/shared'
import type { KeyRingVersion } from '@countersign/core/signing-key'

/** What Secrets Manager says of a secret that is there and has no such version; of a missing secret it says less. */
export const NO_SUCH_VERSION = /secret value for (?:staging label|VersionId)/i

/** The version in an answer to `GetSecretValue`. One without the text of a ring is a defect: nobody else writes there. */
export const ringText = (answer: {
  readonly VersionId?: string | undefined
  readonly SecretString?: string | undefined
}): KeyRingVersion => {
  const { VersionId, SecretString } = answer
  if (VersionId === undefined || !SecretString?.trimStart().startsWith('{'))
    throw new Error(
      `version ${VersionId ?? 'without an id'} of the key ring's secret does not hold a key ring`,
    )
  return { versionId: VersionId, text: new Redacted(SecretString) }
}
