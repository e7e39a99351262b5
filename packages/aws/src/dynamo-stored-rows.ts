import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { StoredRow, StoredRows } from '@countersign/core/access'
import type { Row } from '@countersign/core/shared'
import { keyOf, storedRowOf } from './access-item.ts'
import { removalOf, replacementOf } from './access-mend.ts'
import { clientSettings, within } from './calls.ts'

export interface DynamoStoredRowsOptions {
  readonly table: string
  readonly client?: DynamoDBClient
}

const LIMIT_MILLISECONDS = 10_000

/** DynamoDB's own limit of one `BatchGetItem`. */
const LARGEST_READ = 100

/** The table `Access` as it is stored: a rebuild looks at it past the rules that write it. */
export const dynamoStoredRows = (options: DynamoStoredRowsOptions): StoredRows => {
  const context = { client: new DynamoDBClient(clientSettings(2_000)), ...options }
  return {
    inspect: (keys) => inspect(context, keys),
    inspectAll: (after) => inspectAll(context, after),
    mend: (key, seen, wanted) => mend(context, key, seen, wanted),
  }
}

type Context = Required<DynamoStoredRowsOptions>
type Key = Record<string, AttributeValue>

const inspect = async (
  { client, table }: Context,
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredRow>> => {
  const found = new Map<string, StoredRow>()
  let missing: readonly string[] = [...new Set(keys)]
  await within(LIMIT_MILLISECONDS, 'reading the read model', async (limit) => {
    while (missing.length > 0) {
      const asked = missing.slice(0, LARGEST_READ)
      const Keys = asked.map((key): Key => ({ key: { S: key } }))
      const request = { RequestItems: { [table]: { Keys, ConsistentRead: true } } }
      const answer = await client.send(new BatchGetItemCommand(request), limit)
      for (const item of answer.Responses?.[table] ?? []) found.set(keyOf(item), storedRowOf(item))
      const left = (answer.UnprocessedKeys?.[table]?.Keys ?? []).map(keyOf)
      missing = [...left, ...missing.slice(LARGEST_READ)]
    }
  })
  return found
}

async function* inspectAll({ client, table }: Context, after: string | undefined): AsyncGenerator<StoredRow> {
  let start: Key | undefined = after === undefined ? undefined : { key: { S: after } }
  do {
    const input = { TableName: table, ConsistentRead: true, ExclusiveStartKey: start }
    const page = await within(LIMIT_MILLISECONDS, 'scanning the read model', (limit) =>
      client.send(new ScanCommand(input), limit),
    )
    for (const item of page.Items ?? []) yield storedRowOf(item)
    start = page.LastEvaluatedKey
  } while (start)
}

const mend = async (
  { client, table }: Context,
  key: string,
  seen: StoredRow | undefined,
  wanted: Row | undefined,
): Promise<boolean> => {
  const command = mending({ TableName: table, Key: { key: { S: key } } }, seen, wanted)
  if (!command) return true
  try {
    await within(LIMIT_MILLISECONDS, `putting the row ${key} right`, (limit) =>
      command instanceof DeleteItemCommand ? client.send(command, limit) : client.send(command, limit),
    )
    return true
  } catch (error) {
    if (error instanceof Error && error.cause instanceof ConditionalCheckFailedException) return false
    throw error
  }
}

const mending = (
  item: { readonly TableName: string; readonly Key: Key },
  seen: StoredRow | undefined,
  wanted: Row | undefined,
) => {
  if (!wanted) return seen && new DeleteItemCommand({ ...item, ...removalOf(seen) })
  const replacement = replacementOf(seen, wanted)
  return replacement && new UpdateItemCommand({ ...item, ...replacement })
}
