import { Redacted } from '@countersign/core/shared'
import type { KeyRingVersion } from '@countersign/core/signing-key'

/** What Secrets Manager says of a secret that is there and has no such version; of a missing secret it says less. */
export const NO_SUCH_VERSION = /specified secret (?:value|version)/i

/**
 * The version in an answer to `GetSecretValue`; undefined when no value was ever put into it. One with something else
 * than the text of a ring is a defect: nobody else writes there.
 */
export const ringText = (answer: {
  readonly VersionId?: string | undefined
  readonly SecretString?: string | undefined
  readonly SecretBinary?: unknown
}): KeyRingVersion | undefined => {
  const { VersionId, SecretString, SecretBinary } = answer
  if (SecretString === undefined && SecretBinary === undefined) return undefined
  if (VersionId === undefined || !SecretString?.trimStart().startsWith('{'))
    throw new Error(
      `version ${VersionId ?? 'without an id'} of the key ring's secret does not hold a key ring`,
    )
  return { versionId: VersionId, text: new Redacted(SecretString) }
}
