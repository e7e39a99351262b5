/** Whose credential: exactly one. `token` is the presented token itself; nobody keeps it. */
export type ExplainedCredential =
  | { readonly token: string }
  | { readonly tokenId: string }
  | { readonly sessionId: string }
  /** A token that this consumer would sign itself, under the name `jti`. */
  | { readonly consumerId: string; readonly jti?: string | undefined }

/** Where the request goes. `accountId` and `region` are looked up unless given. */
export type ExplainedPlace =
  | { readonly api: string; readonly environment: string }
  | {
      readonly gatewayId: string
      readonly stage: string
      readonly accountId?: string | undefined
      readonly region?: string | undefined
    }

export type Explain = ExplainedCredential &
  ExplainedPlace & {
    readonly method: string
    /** As the client sends it, without stage and query. */
    readonly path: string
    /** `simple`: the HTTP API's simple responses are on. */
    readonly responses?: 'policy' | 'simple' | undefined
  }

export interface ExplainedStep {
  readonly step: string
  /** `skipped`: an earlier step refused, or there was no token whose form and signature could be looked at. */
  readonly outcome: 'passed' | 'refused' | 'skipped'
  readonly found: Readonly<Record<string, unknown>> | null
}

/** The grant's or access rule's route with the least between it and the request. */
export interface NearestGrant {
  readonly apiId: string
  readonly environment: string
  readonly route: string
  readonly group?: string
  readonly differs: readonly ('api' | 'environment' | 'path' | 'method' | 'group')[]
}

export interface Explanation {
  readonly outcome: 'allow' | 'deny'
  /** Exact, for operators alone. */
  readonly reason: string | null
  /** What the caller is told (RFC 6750), and with which status. */
  readonly challenge: 'invalid_token' | 'insufficient_scope' | null
  readonly status: 401 | 403 | null
  readonly decidedAt: string
  readonly credential: {
    readonly kind: 'token' | 'session' | 'consumer-signed'
    readonly presented: boolean
    readonly tokenId?: string | null
    readonly consumerId?: string
    readonly sessionId?: string
    readonly subject?: string
    readonly kid: string
    readonly issuedAt: string
    readonly expiresAt: string
  } | null
  readonly request: {
    readonly method: string
    readonly path: string
    readonly api: string | null
    readonly environment: string | null
    readonly accountId: string
    readonly region: string
    readonly gatewayId: string
    readonly stage: string
  }
  /** In the order in which they are looked at. */
  readonly steps: readonly ExplainedStep[]
  readonly nearest: NearestGrant | null
  readonly advice: string
  readonly remarks: readonly string[]
}
