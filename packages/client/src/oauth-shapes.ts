/** RFC 8693 §2.2.1, and who signed in. */
export interface SignedIn {
  readonly access_token: string
  readonly issued_token_type: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  readonly session_id: string
  readonly subject: string
  readonly email: string
  /** The directory's stable ids. */
  readonly groups: readonly string[]
}

/** RFC 7662 §2.2; nothing but `active` of a token that is not good. */
export interface Introspection {
  readonly active: boolean
  readonly jti?: string
  readonly sub?: string
  readonly iss?: string
  readonly username?: string
  readonly iat?: number
  readonly exp?: number
  readonly groups?: readonly string[]
}
