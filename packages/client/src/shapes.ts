/** Bodies of the platform's HTTP API. Times are RFC 3339 in UTC. */

export interface Page<T> {
  readonly items: readonly T[]
  /** `null` on the last page. */
  readonly nextCursor: string | null
}

export interface Paging {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

export interface Note {
  readonly note?: string | undefined
}

export type ConsumerType = 'service' | 'partner' | 'person'

export interface RegisterConsumer {
  readonly name: string
  readonly type: ConsumerType
  readonly owner: string
  /** For a consumer that signs its own tokens; how long they live is 900 s unless given. */
  readonly selfSigning?: { readonly longestTokenSeconds?: number | undefined } | undefined
}

/** What a consumer that signs its own tokens may do. */
export interface SelfSigning {
  readonly longestTokenSeconds: number
  readonly grants: readonly Grant[]
  /** `until`: when a key that was replaced stops being accepted. */
  readonly keys: readonly { readonly kid: string; readonly until?: string }[]
  readonly refused: readonly { readonly tokenId: string; readonly until: string }[]
  /** What waits for somebody else's approval. */
  readonly requested?: { readonly grants: readonly Grant[]; readonly requestedBy: string }
}

export interface Consumer extends Omit<RegisterConsumer, 'selfSigning'> {
  readonly id: string
  readonly status: 'active' | 'suspended'
  readonly registeredAt: string
  readonly issuedBefore?: string
  readonly selfSigning?: SelfSigning
}

/** A symmetric key as JSON Web Key (RFC 7517). */
export interface OctetKey {
  readonly kty: 'oct'
  readonly kid: string
  readonly alg: string
  /** Unpadded base64url. */
  readonly k: string
}

/** `secret` is there once: in the answer that made it. */
export interface ConsumerSecret extends Consumer {
  readonly kid: string
  readonly secret?: OctetKey
}

export interface PublishApi {
  readonly owner: string
  readonly description?: string | undefined
  /** The OpenAPI document: 3.0, 3.1 or Swagger 2.0. */
  readonly openapi: unknown
  /** How routes are protected that the document says nothing about; `iam` unless given. */
  readonly authorization?: string | readonly string[] | undefined
}

export interface DeployApi {
  /** Twelve digits. */
  readonly accountId: string
  readonly region: string
  readonly gatewayId: string
  readonly stage: string
  readonly authorizerCacheTtlSeconds?: number | undefined
}

export interface Deployment extends DeployApi {
  readonly environment: string
}

export interface ApiRoute {
  readonly method: string
  readonly path: string
  readonly authorization: string
}

/** The routes that a group opens. */
export interface AccessRule {
  /** The directory's stable id. */
  readonly group: string
  /** `GET /x/{id}` */
  readonly routes: readonly string[]
}

export interface AccessRules {
  readonly rules: readonly AccessRule[]
}

export interface Api {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly description?: string | null
  readonly routes: readonly ApiRoute[]
  readonly deployments: readonly Deployment[]
  /** Of environments that have any. */
  readonly accessRules: readonly (AccessRules & { readonly environment: string })[]
  readonly status: 'registered' | 'deregistered'
  readonly registeredAt: string
}

export interface GrantRequest {
  /** Name or id. */
  readonly api: string
  readonly environment: string
  /** `GET /x/{id}` */
  readonly routes: readonly string[]
  /** Name or id of a usage plan of this API in this environment. */
  readonly usagePlan?: string | undefined
}

export interface IssueToken {
  /** Its id. */
  readonly consumer: string
  readonly grants: readonly GrantRequest[]
  readonly expiresAt?: string | undefined
  /** `30d`, `12h`, `15m`, `90s` */
  readonly expiresIn?: string | undefined
  readonly reason?: string | undefined
}

export interface Grant extends GrantRequest {
  readonly apiId: string
}

export type TokenState =
  | 'requested'
  | 'approved'
  | 'rejected'
  | 'lapsed'
  | 'active'
  | 'disabled'
  | 'revoked'
  | 'expired'

export type RevocationReason = 'compromised' | 'superseded' | 'requested'

export interface Token {
  readonly id: string
  readonly state: TokenState
  /** The consumer's id. */
  readonly consumer: string
  readonly consumerName?: string
  readonly grants: readonly Grant[]
  readonly expiresAt: string
  readonly issuedAt?: string | null
  readonly kid?: string | null
  readonly reason?: string | null
  readonly requestedBy?: string | null
  readonly approvedBy?: string | null
  /** So long the approval holds for the token's successors. */
  readonly approvedUntil?: string | null
  readonly rerolledFrom?: string | null
  /** The token that takes its place, and when it is itself refused on that account. */
  readonly successorId?: string | null
  readonly rerolledAt?: string | null
  readonly endsAt?: string | null
  readonly revokedAt?: string | null
  /** Why it is refused, though its state does not say so; `GET /tokens/{id}` alone says it. */
  readonly refusedBecause?: string | null
  readonly revocationReason?: RevocationReason | null
  /** To the hour; some minutes behind. Absent until it was seen in use. */
  readonly lastUsedAt?: string | null
}

/** `token` is there once: in the answer that issued it. Without it the token waits for approval. */
export type IssuedToken = Pick<Token, 'id' | 'state'> & Partial<Token> & { readonly token?: string }

export interface TokenQuery extends Paging {
  readonly state?: string | undefined
  readonly consumer?: string | undefined
  readonly api?: string | undefined
  readonly environment?: string | undefined
}

export interface SigningKey {
  readonly kid: string
  readonly algorithm: string
  readonly state: 'published' | 'signing' | 'verifying' | 'retired' | (string & {})
  readonly createdAt: string
  readonly signsFrom: string
  readonly verifiesUntil: string | null
}

export interface SigningKeys {
  readonly items: readonly SigningKey[]
}

export interface Rotate {
  /** Of the new key; the configured one unless given. */
  readonly algorithm?: string | undefined
}

/** A JWK set (RFC 7517 §5). */
export interface JsonWebKeys {
  readonly keys: readonly JsonWebKey[]
}

export interface JsonWebKey {
  readonly kid: string
  readonly alg: string
  readonly use: 'sig'
  readonly kty: 'OKP' | 'EC' | 'AKP'
  readonly crv?: string
  readonly x?: string
  readonly y?: string
  readonly pub?: string
}

export interface Rotation {
  readonly kid: string
  readonly algorithm?: string
  readonly signsFrom: string
}

/** The compromised key is refused at once; `kid` is its successor. */
export interface Compromise extends Rotation {
  readonly compromised: string
  /** The tokens that were alive and are refused now. */
  readonly reissue: readonly { readonly id: string; readonly consumer: string }[]
}

export interface DeadLetter {
  readonly eventId?: string | null
  readonly eventType?: string | null
  readonly receives: number
  readonly lastError?: string | null
}

export interface SubscriptionStatus {
  readonly name: string
  readonly waiting: number
  readonly inFlight: number
  readonly dead: number
  readonly deadLetters: readonly DeadLetter[]
}

export interface PipelineStatus {
  /** Events that are not on the bus yet; `null` where the store cannot count them. */
  readonly unrelayed: number | null
  readonly subscriptions: readonly SubscriptionStatus[]
  /** What is refused at once for everybody, oldest first. */
  readonly fence?: readonly {
    readonly entry: string
    readonly since: string
    readonly issuedBefore?: string
  }[]
}

export interface Redrive {
  readonly subscription: string
  readonly redriven: number
}
