import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Claim, EntityKind, IdempotencyRecord, Ledger, Loaded } from '@countersign/core/ledger'
import type { Backoff } from './backoff.ts'
import { clientSettings, within } from './calls.ts'
import {
  claimKey,
  entityKey,
  idempotencyKey,
  numberOf,
  PROBE,
  STATE,
  stateOf,
  textOf,
} from './ledger-items.ts'
import { listEntities, listEvents } from './ledger-pages.ts'
import type { LedgerTables } from './ledger-parts.ts'
import { commitChange } from './ledger-transaction.ts'

export interface DynamoLedgerOptions extends Partial<Backoff> {
  readonly tables: LedgerTables
  readonly clock?: () => Date
  readonly client?: DynamoDBClient
  readonly newRequestToken?: () => string
}

const CALL_LIMIT_MILLISECONDS = 3_000

/** The ledger in the table `Ledger`; a commit writes to the table `Access` as well. */
export const dynamoLedger = (options: DynamoLedgerOptions): Ledger => {
  const context = {
    client: new DynamoDBClient(clientSettings(1_500)),
    clock: () => new Date(),
    sleep: setTimeout,
    random: Math.random,
    newRequestToken: randomUUID,
    ...options,
  }
  const pages = { ...context, table: context.tables.ledger }
  return {
    load: (kind, id) => load(context, kind, id),
    claim: (name) => claim(context, name),
    idempotency: (key) => idempotency(context, key),
    commit: (change) => commitChange(context, change),
    probe: () => probe(context),
    list: (kind, query) => listEntities(pages, kind, query),
    events: (query) => listEvents(pages, query),
  }
}

type Context = Required<DynamoLedgerOptions>
type Key = Record<string, AttributeValue>

const get = async ({ client, tables }: Context, Key: Key): Promise<Key | undefined> => {
  const command = new GetItemCommand({ TableName: tables.ledger, Key, ConsistentRead: true })
  const answer = await within(CALL_LIMIT_MILLISECONDS, 'reading the ledger', (limit) =>
    client.send(command, limit),
  )
  return answer.Item
}

const load = async <State>(context: Context, kind: EntityKind, id: string): Promise<Loaded<State>> => {
  const item = await get(context, { pk: { S: entityKey(kind, id) }, sk: { S: STATE } })
  return item ? stateOf<State>(item) : { state: undefined, version: 0, head: '' }
}

const claim = async (context: Context, name: string): Promise<Claim> => {
  const item = await get(context, claimKey(name))
  return { name, owner: item?.owner?.S, generation: item ? numberOf(item, 'generation') : 0 }
}

const idempotency = async (context: Context, key: string): Promise<IdempotencyRecord | undefined> => {
  const item = await get(context, idempotencyKey(key))
  if (!item) return undefined
  return {
    key,
    fingerprint: textOf(item, 'fingerprint'),
    answer: JSON.parse(textOf(item, 'answer')) as IdempotencyRecord['answer'],
    sweepAfter: numberOf(item, 'sweepAfter'),
  }
}

/** A write that its own condition refuses: it takes the way of every other, and nothing comes of it. */
const probe = async ({ client, tables }: Context): Promise<void> => {
  const command = new PutItemCommand({
    ...{ TableName: tables.ledger, Item: PROBE },
    ConditionExpression: 'attribute_exists(pk)',
  })
  await within(CALL_LIMIT_MILLISECONDS, 'trying to write to the ledger', async (limit) => {
    try {
      await client.send(command, limit)
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error
    }
  })
}
