import type { EventOf, EventType } from '../events/catalog.ts'
import type { LogEnd } from '../events/envelope.ts'
import type { Json } from '../shared/json.ts'
import type { RegisterWrite } from '../shared/register.ts'
import type { Result } from '../shared/result.ts'

export const ENTITY_KINDS = [
  'token',
  'consumer',
  'api',
  'key-ring',
  'publication',
  'usage-plan',
  'api-key',
  'revocation',
  'lockdown',
  'session',
  'denial',
  'token-use',
  'seal',
  'seal-part',
  'webhook',
] as const
export type EntityKind = (typeof ENTITY_KINDS)[number]

/** An entity as it stands: its state after all its events, and where its log ends. */
export interface Loaded<State> extends LogEnd {
  /** `undefined`: it never existed; `version` is then 0. */
  readonly state: State | undefined
}

export interface Entry<State> extends Loaded<State> {
  readonly id: string
  readonly state: State
}

/** What one command does to one entity. Without events the entity is left as it is. */
export interface EntityChange {
  readonly kind: EntityKind
  readonly id: string
  /** The version the decision was made on; 0 for a new entity. */
  readonly expectedVersion: number
  readonly state: unknown
  /** Facts in their place; consecutive from `expectedVersion + 1`. At least one. */
  readonly events: readonly EventOf[]
  /** `name=value` labels that `list` filters by; replaced whole. */
  readonly labels: readonly string[]
  /** RFC 3339; set once, when the entity is created, and what `list` orders by (then by id). */
  readonly createdAt: string
  /** RFC 3339, for entities that end by the clock. */
  readonly expiresAt?: string
}

/** Something only one entity may own at a time: an API's name, a deployment's coordinates. */
export interface Claim {
  readonly name: string
  readonly owner: string | undefined
  /** How often it was taken so far; 0 when never. */
  readonly generation: number
}

/** Takes (`owner` set; generation + 1) or releases (`owner` undefined) a claim that stands at `generation`. */
export interface ClaimChange {
  readonly name: string
  readonly owner: string | undefined
  readonly expectedGeneration: number
}

/** The answer to a command that carried an `Idempotency-Key`, kept for a day; never holds a token. */
export interface IdempotencyRecord {
  readonly key: string
  /** Digest of what was asked, so that the key cannot be used for something else. */
  readonly fingerprint: string
  readonly answer: { readonly status: number; readonly body: Json }
  /** NumericDate after which it may be forgotten. */
  readonly sweepAfter: number
}

/** One command's whole effect: all of it is saved, or nothing. */
export interface Change {
  readonly entities: readonly EntityChange[]
  readonly claims?: readonly ClaimChange[]
  /** What takes access away, written where the authorizer reads it. */
  readonly access?: readonly RegisterWrite[]
  readonly idempotency?: IdempotencyRecord
}

/**
 * `version_conflict` also when a claim moved: in both cases the command is decided again on what is there now.
 * `log_damaged`: the state is at the expected version, and the log goes on after it; somebody changed one of them by hand.
 */
export interface CommitFailure {
  readonly reason: 'version_conflict' | 'idempotency_key_used' | 'log_damaged'
}

export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page starts; `undefined` after the last item, never followed by an empty page. */
  readonly next: string | undefined
}

/** `end`: after the last item of this page; what is told from there is what came since. Undefined of an empty page. */
export interface EventPage extends Page<EventOf> {
  readonly end: string | undefined
}

export interface ListQuery {
  /** All of them must be on the entity. */
  readonly labels: readonly string[]
  /** RFC 3339: only entities that expire after / not after this instant. */
  readonly expiresAfter?: string
  readonly expiresUntil?: string
  /** RFC 3339: only entities created then or later; what is older is not even looked at. */
  readonly createdFrom?: string
  readonly limit: number
  readonly after: string | undefined
}

export interface EventQuery {
  readonly subject?: string
  readonly type?: EventType
  readonly actor?: string
  /** RFC 3339; `from` inclusive, `to` exclusive. */
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly after: string | undefined
}

/** The source of truth: the state of each entity and its event log. Reads are strongly consistent by id. */
export interface Ledger {
  load<State>(kind: EntityKind, id: string): Promise<Loaded<State>>
  claim(name: string): Promise<Claim>
  idempotency(key: string): Promise<IdempotencyRecord | undefined>
  /** One transaction. A refusal changes nothing. Throws when the store cannot be reached or the change is too large. */
  commit(change: Change): Promise<Result<void, CommitFailure>>
  /** Throws, as `commit` would now, when nothing could be saved. Leaves nothing behind. */
  probe(): Promise<void>
  /** By creation, oldest first. */
  list<State>(kind: EntityKind, query: ListQuery): Promise<Page<Entry<State>>>
  /**
   * In the order of time; events of one entity always in the order of their versions. As they stand there, whatever they
   * say; throws `DamagedLog` where one cannot be read.
   */
  events(query: EventQuery): Promise<EventPage>
}
