import type { IssuedToken, Note, RevocationReason } from './shapes.ts'

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

/** Of a consumer, either one token that it signed itself, or everything issued to it before an instant. */
export interface RevokeSet extends Note {
  readonly consumer: string
  readonly token?: string | undefined
  readonly issuedBefore?: string | undefined
  readonly reason: RevocationReason
}

export interface RevokedSet {
  readonly consumer: string
  readonly token?: string
  readonly issuedBefore?: string
  readonly revokedAt: string
  readonly enforcedBy: string
}
