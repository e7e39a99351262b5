import type { Id } from '../shared/id.ts'
import type { Redacted } from '../shared/redacted.ts'
import type { Result } from '../shared/result.ts'

/** Where the ring's text is kept: versions with stages, as Secrets Manager has them. */
export interface KeyRingStore {
  /** `AWSCURRENT`; undefined before the first rotation. Throws when it cannot be read. */
  current(): Promise<KeyRingVersion | undefined>
  /** A version by its id, whatever its stage; undefined when there is none. */
  version(versionId: string): Promise<Redacted<string> | undefined>
  /** Puts a version and gives it `AWSPENDING`, taking it from any other. The text of an existing version stays. */
  stage(versionId: string, text: Redacted<string>): Promise<void>
  /** Moves `AWSCURRENT` from one version to another, if it still is where it was thought to be. */
  promote(
    versionId: string,
    from: string | undefined,
  ): Promise<Result<void, { readonly reason: 'rotation_superseded' }>>
}

export interface KeyRingVersion {
  readonly versionId: string
  readonly text: Redacted<string>
}

/** What the authorizer needs of it. */
export type KeyRingReader = Pick<KeyRingStore, 'current'>

/** The rings of the consumers that sign their own tokens, one each; nothing is in a ring before its first rotation. */
export type ConsumerKeyRings = (consumerId: Id<'consumer'>) => KeyRingStore
export type ConsumerKeyRingReaders = (consumerId: Id<'consumer'>) => KeyRingReader
