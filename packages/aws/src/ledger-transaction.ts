import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import type { Change, CommitFailure } from '@countersign/core/ledger'
import { err, ok, type Result, Unavailable } from '@countersign/core/shared'
import { rowOf } from './access-item.ts'
import { type Backoff, waitOf } from './backoff.ts'
import { within } from './calls.ts'
import { entityKey } from './ledger-items.ts'
import { type LedgerTables, NOTHING_SEEN, type Part, partsOf, type Seen } from './ledger-parts.ts'

export interface TransactionContext extends Backoff {
  readonly client: DynamoDBClient
  readonly tables: LedgerTables
  /** A ClientRequestToken: at most 36 characters, never given twice. */
  readonly newRequestToken: () => string
}

/** DynamoDB's own limit of actions in one transaction. */
const LARGEST_TRANSACTION = 100
const LIMIT_MILLISECONDS = 8_000
const ATTEMPTS = 8

/** What others did at the same moment, or too many did at once: the same transaction may pass the next time. */
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

/**
 * Saves a change in one transaction, or nothing of it. A try that collided is repeated under the same ClientRequestToken,
 * so that a try whose answer was lost is not done twice. A row of the read model that has a higher rank already (its
 * entity moved on, or a rebuild was faster) must not fail the command for ever: the transaction is built again on what
 * that row holds, without the registers that are outranked, as a new transaction under a new token. A log that looks
 * damaged is looked at twice, because somebody who is saving the same version at this moment looks like it.
 */
export const commitChange = async (
  context: TransactionContext,
  change: Change,
): Promise<Result<void, CommitFailure>> => {
  const whole = checked(partsOf(change, context.tables, NOTHING_SEEN))
  if (whole.length === 0) return ok(undefined)
  return within(LIMIT_MILLISECONDS, 'the transaction', async (limit) => {
    let parts = whole
    let seen = NOTHING_SEEN
    let token = context.newRequestToken()
    let looksDamaged = false
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (parts.length === 0) return ok(undefined)
      const cancelled = await send(context, parts, token, limit)
      if (!cancelled) return ok(undefined)
      const refusals = refusalsIn(parts, cancelled)
      const refusal = refusalOf(refusals)
      if (refusal && (refusal !== 'log_damaged' || looksDamaged)) return err({ reason: refusal })
      looksDamaged = refusal === 'log_damaged'
      if (refusals.length > 0) {
        seen = refusals.reduce(learn, seen)
        parts = partsOf(change, context.tables, seen)
        token = context.newRequestToken()
      }
      await context.sleep(waitOf(attempt, context.random))
      limit.abortSignal.throwIfAborted()
    }
    throw new Unavailable(`the transaction collided ${ATTEMPTS} times`)
  })
}

/** DynamoDB refuses both as well, only less clearly. */
const checked = (parts: readonly Part[]): readonly Part[] => {
  if (parts.length > LARGEST_TRANSACTION)
    throw new RangeError(
      `the change is too large: ${parts.length} items, a transaction takes ${LARGEST_TRANSACTION}`,
    )
  const keys = parts.map(({ item }) => {
    const write = item.Update ?? item.Put
    return JSON.stringify([write?.TableName, item.Update?.Key ?? [item.Put?.Item?.pk, item.Put?.Item?.sk]])
  })
  if (new Set(keys).size < keys.length) throw new Error('the change names one entity, event or claim twice')
  return parts
}

/** The reasons when it was cancelled; undefined when it is done. */
const send = async (
  { client }: TransactionContext,
  parts: readonly Part[],
  ClientRequestToken: string,
  limit: { readonly abortSignal: AbortSignal },
): Promise<readonly CancellationReason[] | undefined> => {
  const TransactItems = parts.map(({ item }) => item)
  try {
    await client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }), limit)
    return undefined
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error
    const reasons = error.CancellationReasons ?? []
    return reasons.some(isFault) || reasons.every(({ Code }) => Code === 'None') ? raise(error) : reasons
  }
}

const raise = (error: TransactionCanceledException): never => {
  const codes = error.CancellationReasons?.map(({ Code }) => Code).join(', ')
  throw new Error(`the transaction was cancelled: ${codes ?? 'no reason given'}`, { cause: error })
}

const isFault = ({ Code = 'None' }: CancellationReason): boolean =>
  Code !== 'None' && Code !== 'ConditionalCheckFailed' && !PASSING.has(Code)

interface Refused {
  readonly part: Part
  readonly item: CancellationReason['Item']
}

const refusalsIn = (parts: readonly Part[], reasons: readonly CancellationReason[]): readonly Refused[] =>
  parts.flatMap((part, index) =>
    reasons[index]?.Code === 'ConditionalCheckFailed' ? [{ part, item: reasons[index].Item }] : [],
  )

/** A used key comes first: whoever used it has moved the version too, and the caller is to get that one's answer. */
const refusalOf = (refused: readonly Refused[]): CommitFailure['reason'] | undefined => {
  if (refused.some(({ part }) => part.meaning.of === 'idempotency')) return 'idempotency_key_used'
  const final = refused.filter(({ part, item }) => part.meaning.of !== 'row' && !isClockBehind(part, item))
  if (final.length === 0) return undefined
  // Every state is the expected one, and an event stands already where one of them goes on.
  return final.every(({ part }) => part.meaning.of === 'event') && !refused.some(isState)
    ? 'log_damaged'
    : 'version_conflict'
}

const isState = ({ part }: Refused): boolean => part.meaning.of === 'state'

/** The version is the expected one, so it was the time that refused: the clock that wrote last is ahead of ours. */
const isClockBehind = ({ meaning }: Part, item: CancellationReason['Item']): boolean =>
  meaning.of === 'state' && item?.version?.N === String(meaning.entity.expectedVersion)

const learn = (seen: Seen, { part: { meaning }, item }: Refused): Seen => {
  if (meaning.of === 'row')
    return { ...seen, rows: new Map(seen.rows).set(meaning.row, item ? rowOf(item) : { registers: {} }) }
  if (meaning.of !== 'state') return seen
  const pk = entityKey(meaning.entity.kind, meaning.entity.id)
  return { ...seen, lastAt: new Map(seen.lastAt).set(pk, item?.lastAt?.S ?? '') }
}
