import type { IssuedToken, Note, RevocationReason, Token } from './shapes.ts'

/** `now`: the predecessor is refused at once; otherwise after the grace, 24h unless given, or at its own end. */
export interface RerollToken {
  readonly grace?: string | undefined
  readonly now?: boolean | undefined
  /** The same lifetime as the predecessor's unless given. */
  readonly expiresAt?: string | undefined
  readonly expiresIn?: string | undefined
}

/** The successor, and when its predecessor ends; from `enforcedBy` on no gateway accepts that one. */
export type RerolledToken = IssuedToken & {
  readonly predecessor: { readonly id: string; readonly endsAt: string; readonly enforcedBy: string }
}

/**
 * Exactly one of `consumer`, `kid`, `api` (name or id) and `everybody`: every token of theirs that was issued before
 * `issuedBefore`, or until now. Of a consumer also one token that it signed itself.
 */
export interface RevokeSet extends Note {
  readonly consumer?: string | undefined
  readonly token?: string | undefined
  readonly kid?: string | undefined
  readonly api?: string | undefined
  readonly everybody?: true | undefined
  readonly issuedBefore?: string | undefined
  readonly reason: RevocationReason
  /** Says what the set holds, and changes nothing. */
  readonly dryRun?: boolean | undefined
}

type NamedSet = Omit<RevokeSet, 'reason' | 'note' | 'dryRun'>

export interface RevokedSet extends NamedSet {
  readonly revokedAt: string
  /** From this instant no gateway accepts any of it. */
  readonly enforcedBy: string
}

/** What a set holds: tokens that are alive and not revoked; `more` when there are more than were counted. */
export interface CountedSet extends NamedSet {
  readonly dryRun: true
  readonly count: number
  readonly byState: Readonly<Record<string, number>>
  /** The ids of the first ones. */
  readonly tokens: readonly string[]
  readonly more: boolean
}

export interface RevokeToken extends Note {
  readonly reason: RevocationReason
}

export interface RevokedToken extends Token {
  /** From this instant no gateway accepts it. */
  readonly enforcedBy: string
}

/** Everywhere, or at an API (name or id), in an environment, or at one in the other. */
export interface LockDown {
  readonly everywhere?: true | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
  readonly because: string
}

export interface Lockdown {
  readonly everywhere?: true
  readonly apiId?: string
  readonly environment?: string
  readonly state: 'begun' | 'ended'
  readonly because: string
  readonly begunAt: string
  readonly endedAt?: string
  /** APIs that go on. */
  readonly spares: readonly string[]
  /** Of one that stands: from this instant no gateway lets anybody in. */
  readonly enforcedBy?: string
}
