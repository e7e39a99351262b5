import type { IssuedToken } from './shapes.ts'

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
