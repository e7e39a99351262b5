import * as Access from '@countersign/core/access/module'
import type { FactOf } from '@countersign/core/events'
import { type Cause, recordFacts } from '@countersign/core/events'
import type {
  ClaimChange,
  EntityChange,
  EntityKind,
  IdempotencyRecord,
  Loaded,
} from '@countersign/core/ledger'
import { epochSeconds, err, type Json, ok, type Result } from '@countersign/core/shared'
import type { HttpAnswer, HttpRequest } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

/** What a decision wants saved, and what the caller is told once it is. */
export interface Outcome {
  readonly changes: readonly EntityChange[]
  readonly claims?: readonly ClaimChange[]
  readonly answer: HttpAnswer
}

export type Decided = Promise<Result<Outcome, Refusal>>

/** Who asks, and under which key a repetition is recognised. */
export type Asked = Pick<HttpRequest<unknown, unknown, unknown>, 'cause' | 'idempotencyKey' | 'fingerprint'>

const ATTEMPTS = 10
const KEPT_SECONDS = 86_400

type CommandServices = Pick<Services, 'ledger' | 'pause'>

/**
 * Load, decide, save: in one transaction the new state, its events, what takes access away, and the answer under its
 * `Idempotency-Key`. Decided again when somebody else was faster; the same key gives the same answer and one effect.
 */
export const command = async (
  { ledger, pause }: CommandServices,
  asked: Asked,
  decide: () => Decided,
): Promise<Result<HttpAnswer, Refusal>> => {
  const key = keyOf(asked)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await pause?.(attempt - 1)
    const earlier = key ? await ledger.idempotency(key) : undefined
    if (earlier) return replay(earlier, asked.fingerprint)
    const decided = await decide()
    if (!decided.ok) return decided
    const { changes, claims = [], answer } = decided.value
    const idempotency = key && recordOf(key, asked, answer)
    if (changes.length === 0 && !idempotency) return ok(answer)
    const events = changes.flatMap((change) => change.events)
    const access = Access.refusalsOf(events)
    const saved = await ledger.commit({
      entities: changes,
      claims,
      access,
      ...(idempotency && { idempotency }),
    })
    if (saved.ok) return ok(answer)
    if (saved.error.reason === 'log_damaged') return err({ reason: 'log_damaged' })
  }
  return err({ reason: 'conflict' })
}

/** For work whose steps can be repeated by themselves: the answer is kept under the `Idempotency-Key`, the work is not undone. */
export const repeatable = async (
  { ledger }: CommandServices,
  asked: Asked,
  work: () => Promise<Result<HttpAnswer, Refusal>>,
): Promise<Result<HttpAnswer, Refusal>> => {
  const key = keyOf(asked)
  const earlier = key ? await ledger.idempotency(key) : undefined
  if (earlier) return replay(earlier, asked.fingerprint)
  const done = await work()
  if (!done.ok || !key) return done
  const saved = await ledger.commit({ entities: [], idempotency: recordOf(key, asked, done.value) })
  const faster = saved.ok ? undefined : await ledger.idempotency(key)
  return faster ? replay(faster, asked.fingerprint) : done
}

const keyOf = ({ cause, idempotencyKey }: Asked): string | undefined =>
  idempotencyKey && `${cause.actor}#${idempotencyKey}`

const replay = ({ fingerprint, answer }: IdempotencyRecord, asked: string): Result<HttpAnswer, Refusal> =>
  fingerprint === asked ? ok(answer) : err({ reason: 'idempotency_key_reused' })

const recordOf = (
  key: string,
  { fingerprint, cause }: Asked,
  { status, body }: HttpAnswer,
): IdempotencyRecord => ({
  key,
  fingerprint,
  answer: { status, body: JSON.parse(JSON.stringify(body)) as Json },
  sweepAfter: epochSeconds(cause.now) + KEPT_SECONDS,
})

/** How an entity of a kind follows from its facts, and what is kept beside it. */
export interface EntityShape<State, Fact> {
  readonly kind: EntityKind
  evolve(state: State | undefined, fact: Fact, time: string): State
  labelsOf(state: State): readonly string[]
  createdAtOf(state: State): string
  expiresAtOf?(state: State): string
}

export interface Changed<State> {
  readonly state: State
  readonly version: number
  /** Empty when there were no facts. */
  readonly changes: readonly EntityChange[]
}

/** Puts facts at the end of an entity's log and moves its state on. */
export const change = <State, Fact extends FactOf>(
  shape: EntityShape<State, Fact>,
  id: string,
  loaded: Loaded<State>,
  facts: readonly Fact[],
  { cause, newId }: { readonly cause: Cause } & Pick<Services, 'newId'>,
): Changed<State> => {
  const events = recordFacts(id, loaded, facts, cause, newId)
  const time = cause.now.toISOString()
  const state = facts.reduce<State | undefined>(
    (before, fact) => shape.evolve(before, fact, time),
    loaded.state,
  )
  if (state === undefined) throw new Error(`no fact brought ${shape.kind} ${id} into being`)
  const entity: EntityChange = {
    kind: shape.kind,
    id,
    expectedVersion: loaded.version,
    state,
    events,
    labels: shape.labelsOf(state),
    createdAt: shape.createdAtOf(state),
    ...(shape.expiresAtOf && { expiresAt: shape.expiresAtOf(state) }),
  }
  return { state, version: loaded.version + facts.length, changes: facts.length > 0 ? [entity] : [] }
}

/** Nothing is there yet. */
export const NOTHING = { state: undefined, version: 0, head: '' } as const

/** Refuses to act on another version than the caller has read (RFC 9110 §13.1.1). */
export const versionMatches = (ifMatch: number | undefined, { version }: Loaded<unknown>): boolean =>
  ifMatch === undefined || ifMatch === version
