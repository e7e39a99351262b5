import { setTimeout } from 'node:timers/promises'
import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { AccessRowStore } from '@countersign/core/access'
import type { RegisterWrite, Row } from '@countersign/core/shared'
import { keyOf, rowOf } from './access-item.ts'
import { byRow, rowUpdate } from './access-update.ts'
import { type Backoff, waitOf } from './backoff.ts'
import { clientSettings, within } from './calls.ts'

export interface DynamoAccessRowsOptions extends Partial<Backoff> {
  readonly table: string
  readonly client?: DynamoDBClient
}

/** DynamoDB's own limit of one `BatchGetItem`. */
const LARGEST_READ = 100
const READ_LIMIT_MILLISECONDS = 2_000
const WRITE_LIMIT_MILLISECONDS = 5_000
const SCAN_LIMIT_MILLISECONDS = 10_000
const ATTEMPTS = 6

/** Rows written at a time, and registers per update: an expression may hold 300 operators. */
const ROWS_AT_ONCE = 8
const REGISTERS_AT_ONCE = 50

/** The read model in the table `Access`. */
export const dynamoAccessRows = (options: DynamoAccessRowsOptions): AccessRowStore => {
  const context = {
    client: new DynamoDBClient(clientSettings(1_000)),
    sleep: setTimeout,
    random: Math.random,
    ...options,
  }
  return {
    read: (keys) => read(context, keys),
    write: (writes) => write(context, writes),
    scan: () => scan(context),
  }
}

type Context = Required<DynamoAccessRowsOptions>

const read = async (context: Context, keys: readonly string[]): Promise<ReadonlyMap<string, Row>> => {
  const rows = new Map<string, Row>()
  let missing = [...new Set(keys)]
  if (missing.length > LARGEST_READ) throw new Error(`${missing.length} rows are too many for one read`)
  await within(READ_LIMIT_MILLISECONDS, 'reading the read model', async (limit) => {
    for (let attempt = 0; missing.length > 0; attempt++) {
      if (attempt === ATTEMPTS) throw new Error(`${missing.length} keys stayed unprocessed`)
      if (attempt > 0) await context.sleep(waitOf(attempt, context.random))
      const answer = await context.client.send(batchOf(context.table, missing), limit)
      for (const item of answer.Responses?.[context.table] ?? []) rows.set(keyOf(item), rowOf(item))
      missing = (answer.UnprocessedKeys?.[context.table]?.Keys ?? []).map(keyOf)
    }
  })
  return rows
}

const batchOf = (table: string, keys: readonly string[]) =>
  new BatchGetItemCommand({
    RequestItems: { [table]: { Keys: keys.map((key) => ({ key: { S: key } })), ConsistentRead: true } },
  })

const write = async (context: Context, writes: readonly RegisterWrite[]): Promise<void> => {
  const portions = [...byRow(writes)].flatMap(([row, ofRow]) =>
    chunksOf(ofRow, REGISTERS_AT_ONCE).map((portion) => ({ row, portion })),
  )
  for (const together of chunksOf(portions, ROWS_AT_ONCE))
    await Promise.all(together.map(({ row, portion }) => writeRow(context, row, portion)))
}

const writeRow = async (context: Context, row: string, writes: readonly RegisterWrite[]): Promise<void> => {
  await within(WRITE_LIMIT_MILLISECONDS, `writing the row ${row}`, async (limit) => {
    let present: Row | undefined
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const update = rowUpdate(context.table, row, writes, present)
      if (!update) return
      const found = await tryUpdate(() => context.client.send(new UpdateItemCommand(update), limit))
      if (found === 'written') return
      if (attempt > 0) await context.sleep(waitOf(attempt, context.random))
      present = found && rowOf(found)
    }
    throw new Error('the row kept changing')
  })
}

/** The item as it is when the condition did not hold; undefined when there is none (any more). */
const tryUpdate = async (
  send: () => Promise<unknown>,
): Promise<'written' | Record<string, AttributeValue> | undefined> => {
  try {
    await send()
    return 'written'
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return error.Item
    throw error
  }
}

async function* scan({ client, table }: Context): AsyncGenerator<readonly [string, Row]> {
  let start: Record<string, AttributeValue> | undefined
  do {
    const page = await within(SCAN_LIMIT_MILLISECONDS, 'scanning the read model', (limit) =>
      client.send(
        new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: start }),
        limit,
      ),
    )
    for (const item of page.Items ?? []) yield [keyOf(item), rowOf(item)] as const
    start = page.LastEvaluatedKey
  } while (start)
}

const chunksOf = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
