import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { Page } from '@countersign/core/ledger'
import { within } from './calls.ts'
import { sortable } from './ledger-items.ts'

export interface QueryContext {
  readonly client: DynamoDBClient
  readonly table: string
}

export type Item = Record<string, AttributeValue>

const LIMIT_MILLISECONDS = 5_000

/** Greater than every character that stands in a key. */
export const END = '~'

/** Smaller than all of them; a key is never empty. */
export const LOWEST = ' '

/** Items read at a time where a filter may drop most of them. */
const FILTERED_PORTION = 200

/** Everything after a position; a position that nobody gave out leads somewhere harmless. */
export const past = (position: string | undefined): string =>
  position === undefined ? '' : `${position}${END}`

export type Condition = readonly [
  attribute: string,
  operator: '<' | '<=' | '>' | '>=' | '=' | 'contains',
  AttributeValue,
]

export const bound = (attribute: string, operator: '>' | '>=' | '<' | '<=', instant: string | undefined) =>
  instant === undefined ? [] : [[attribute, operator, { S: sortable(instant) }] as const]

export interface Filter {
  readonly expression: string
  readonly names: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, AttributeValue>>
}

export const filterOf = (conditions: readonly Condition[]): Filter => ({
  expression: conditions
    .map(([, operator], index) =>
      operator === 'contains' ? `contains(#f${index}, :f${index})` : `#f${index} ${operator} :f${index}`,
    )
    .join(' AND '),
  names: Object.fromEntries(conditions.map(([attribute], index) => [`#f${index}`, attribute])),
  values: Object.fromEntries(conditions.map(([, , value], index) => [`:f${index}`, value])),
})

export const portion = (limit: number, { expression }: Filter): number =>
  expression === '' ? limit + 1 : Math.max(limit + 1, FILTERED_PORTION)

/** Undefined where nothing can lie between the two: DynamoDB refuses bounds in the wrong order. */
export type Input = Omit<QueryCommandInput, 'TableName'> & { readonly nothing: boolean }

export const between = (
  hash: string,
  value: string,
  range: string,
  low: string,
  high: string,
  filter: Filter,
) => ({
  nothing: low > high,
  KeyConditionExpression: '#hash = :hash AND #range BETWEEN :low AND :high',
  ExpressionAttributeNames: { '#hash': hash, '#range': range, ...filter.names },
  ExpressionAttributeValues: {
    ':hash': { S: value },
    ':low': { S: low === '' ? LOWEST : low },
    ':high': { S: high },
    ...filter.values,
  },
  ...(filter.expression !== '' && { FilterExpression: filter.expression }),
})

interface Portion {
  readonly Items?: Item[] | undefined
  readonly LastEvaluatedKey?: Item | undefined
}

export const portionOf = async (
  { client, table }: QueryContext,
  { nothing, ...input }: Input,
  ExclusiveStartKey?: Item,
): Promise<Portion> => {
  if (nothing) return {}
  const start = ExclusiveStartKey && { ExclusiveStartKey }
  const query = new QueryCommand({ TableName: table, ...input, ...start })
  return within(LIMIT_MILLISECONDS, 'querying the ledger', (limit) => client.send(query, limit))
}

/** Portion after portion, the first of which may have been read already. */
export async function* itemsOf(context: QueryContext, input: Input, first?: Portion): AsyncGenerator<Item> {
  let page = first ?? (await portionOf(context, input))
  yield* page.Items ?? []
  while (page.LastEvaluatedKey) {
    page = await portionOf(context, input, page.LastEvaluatedKey)
    yield* page.Items ?? []
  }
}

/** Looks one item ahead, so that a page which ends the list says so. */
export const pageOf = async <T>(
  found: AsyncIterable<Item>,
  limit: number,
  read: (item: Item) => T,
  position: 'listedAt' | 'at' | 'sk',
): Promise<Page<T> & { readonly end: string | undefined }> => {
  const items: Item[] = []
  for await (const item of found) {
    items.push(item)
    if (items.length > limit) break
  }
  const kept = items.slice(0, limit)
  return {
    items: kept.map(read),
    next: items.length > limit ? kept.at(-1)?.[position]?.S : undefined,
    end: kept.at(-1)?.[position]?.S,
  }
}
