import type { Coordinates } from '../shared/coordinates.ts'
import { pathOf } from '../shared/coordinates.ts'
import type { Id } from '../shared/id.ts'
import type { RegisterWrite, Row } from '../shared/register.ts'
import type { ProtectedRoute, Route } from '../shared/route.ts'

/**
 * Copies kept of every deployment row and of the fence row, so that no DynamoDB partition serves every request.
 * Changing it means rebuilding the read model first.
 */
export const SHARDS = 4

export const tokenRowKey = (tokenId: string): string => `token#${tokenId}`
export const sessionRowKey = (sessionId: string): string => `session#${sessionId}`
export const consumerRowKey = (consumerId: string): string => `consumer#${consumerId}`
export const deploymentRowKey = (coordinates: Coordinates, shard: number): string =>
  `deployment#${pathOf(coordinates)}#${shard}`
export const fenceRowKey = (shard: number): string => `fence#${shard}`

export const shards: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard)

/** Every request of one token reads one copy; tokens spread evenly. */
export const shardOf = (tokenId: string): number => {
  let sum = 0
  for (let index = 0; index < tokenId.length; index++) sum = (sum * 31 + tokenId.charCodeAt(index)) >>> 0
  return sum % SHARDS
}

export interface CompiledGrant {
  readonly apiId: Id<'api'>
  readonly environment: string
  readonly routes: readonly Route[]
  /** What the authorizer answers as `usageIdentifierKey` for this API in this environment. */
  readonly usageKey?: string
}

/** Register `grant` of a token row. */
export interface TokenGrant {
  readonly consumerId: Id<'consumer'>
  readonly consumer: string
  readonly kid: string
  /** NumericDates, equal to the token's `iat` and `exp`. */
  readonly issuedAt: number
  readonly expiresAt: number
  readonly grants: readonly CompiledGrant[]
}

/** Register `refusal` of a token row; `null` once enabled again. */
export interface TokenRefusal {
  readonly why: 'disabled' | 'revoked'
  readonly since: string
}

/** Register `superseded` of a token row: from `until` (NumericDate; 0: at once) on its successor has taken its place. */
export interface TokenSuperseded {
  readonly until: number
}

/** Register `session` of a session row. Groups by the directory's stable ids, never by display name. */
export interface SessionIdentity {
  readonly subject: string
  readonly email: string
  readonly groups: readonly string[]
  readonly kid: string
  /** NumericDates, equal to the token's `iat` and `exp`. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Register `refusal` of a session row. */
export interface SessionRefusal {
  readonly why: 'ended'
  readonly since: string
}

/** Register `grant` of a consumer row: what the tokens that it signs itself open; `null` when it may not any more. */
export interface ConsumerGrant {
  readonly consumer: string
  readonly grants: readonly CompiledGrant[]
  /** From `iat` to `exp`, at most. */
  readonly longestTokenSeconds: number
}

/** Register `keys` of a consumer row: the kids that are accepted, and until when (NumericDate) the replaced ones are. */
export interface ConsumerKeys {
  readonly accepted: readonly { readonly kid: string; readonly until?: number }[]
}

/** Register `refused` of a consumer row: those of its own tokens that are refused one by one. */
export interface ConsumerRefusals {
  readonly tokens: readonly string[]
}

/** A group opens routes of the deployment's API. */
export interface AccessRule {
  /** The directory's stable id. */
  readonly group: string
  readonly routes: readonly Route[]
}

/** Register `rules` of a deployment row. */
export interface AccessRules {
  readonly rules: readonly AccessRule[]
}

/** Register `binding` of a deployment row; `null` when nothing lives there any more. */
export interface DeploymentBinding {
  readonly apiId: Id<'api'>
  readonly api: string
  readonly environment: string
  readonly routes: readonly ProtectedRoute[]
  readonly authorizerCacheTtlSeconds: number
}

/** A register of the fence row is one entry: `kid#…`, `consumer#…`, `subject#…`, `api#…`, `issued-before#…`, `lockdown…`. */
export interface FenceEntry {
  readonly since: string
  /** NumericDate, of `issued-before#…` entries: tokens issued earlier are refused. */
  readonly before?: number
  /** Of `lockdown…` entries: the APIs that go on, because a lockdown is ended there. */
  readonly spares?: readonly Id<'api'>[]
}

/**
 * The fence row is read with every request, so it stays within the 4 KiB that one read of DynamoDB counts. Suspending a
 * consumer and giving up a key are never refused for want of room: only sets of tokens are.
 */
export const MOST_FENCE_ENTRIES = 24

/** What one authorization reads, in one strongly consistent batch. */
export interface AccessRows {
  /** The row of the token, the session or the consumer: `principalRowKey`. */
  readonly principal: Row | undefined
  readonly deployment: Row | undefined
  readonly fence: Row | undefined
}

/** Reads the read model. */
export interface AccessRowReader {
  /** The rows that exist, by key; strongly consistent, all of one instant or later. Throws when any is not known. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, Row>>
}

/** Writes the read model, outside a command. */
export interface AccessRowStore extends AccessRowReader {
  /** Each register by itself, and only upwards in rank. */
  write(writes: readonly RegisterWrite[]): Promise<void>
  /** Every row, in no order, for comparison with a rebuild. */
  scan(): AsyncIterable<readonly [key: string, row: Row]>
}

/** The one place where a register's JSON becomes its type: only `project` writes it, and rebuilt equals live. */
const registerValue = <T>(row: Row | undefined, register: string): T | undefined =>
  (row?.registers[register]?.value ?? undefined) as T | undefined

export const sessionOf = (row: Row | undefined) => registerValue<SessionIdentity>(row, 'session')
export const sessionRefusalOf = (row: Row | undefined) => registerValue<SessionRefusal>(row, 'refusal')
export const consumerGrantOf = (row: Row | undefined) => registerValue<ConsumerGrant>(row, 'grant')
export const consumerKeysOf = (row: Row | undefined) => registerValue<ConsumerKeys>(row, 'keys')
export const consumerRefusalsOf = (row: Row | undefined) => registerValue<ConsumerRefusals>(row, 'refused')
export const rulesOf = (row: Row | undefined) => registerValue<AccessRules>(row, 'rules')
export const grantOf = (row: Row | undefined) => registerValue<TokenGrant>(row, 'grant')
export const supersededOf = (row: Row | undefined) => registerValue<TokenSuperseded>(row, 'superseded')
export const refusalOf = (row: Row | undefined) => registerValue<TokenRefusal>(row, 'refusal')
export const bindingOf = (row: Row | undefined) => registerValue<DeploymentBinding>(row, 'binding')
export const fenceEntryOf = (row: Row | undefined, entry: string) => registerValue<FenceEntry>(row, entry)
