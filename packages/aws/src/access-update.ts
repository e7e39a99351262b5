import type { AttributeValue, Update } from '@aws-sdk/client-dynamodb'
import type { RegisterWrite, Row } from '@countersign/core/shared'
import { attributeOf } from './access-item.ts'

/** Writes by the row they go to, in the order given. */
export const byRow = (writes: readonly RegisterWrite[]): ReadonlyMap<string, readonly RegisterWrite[]> =>
  Map.groupBy(writes, ({ row }) => row)

/**
 * One conditional update that does to a row what `applyWrite` does: each register only upwards in rank, `sweepAfter` only
 * later, whichever write brought it. A condition cannot pass over a single register, so the update refuses as a whole when `present` (the row as it
 * was last seen, if it was) is not what is there; DynamoDB then hands out the row, and the update is built again on it.
 * Undefined when every register has a higher or equal rank already, and the row as late a sweep.
 */
export const rowUpdate = (
  table: string,
  row: string,
  writes: readonly RegisterWrite[],
  present: Row | undefined,
): Update | undefined => {
  const higher = writes.filter(
    ({ register, rank }) => (present?.registers[register]?.rank ?? -Infinity) < rank,
  )
  const latest = Math.max(0, ...writes.map(({ sweepAfter = 0 }) => sweepAfter))
  const before = present?.sweepAfter ?? 0
  if (higher.length === 0 && latest <= before) return undefined
  const clauses = [
    ...highestOf(higher).map((one, index) => registerClause(index, one)),
    ...(latest === 0 ? [] : [sweepClause(latest, before)]),
  ]
  return {
    TableName: table,
    Key: { key: { S: row } },
    UpdateExpression: expressionOf(clauses),
    ConditionExpression: clauses.map(({ condition }) => condition).join(' AND '),
    ExpressionAttributeNames: Object.assign({}, ...clauses.map(({ names }) => names)),
    ExpressionAttributeValues: Object.assign({}, ...clauses.map(({ values }) => values)),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

const highestOf = (writes: readonly RegisterWrite[]): readonly RegisterWrite[] => {
  const highest = new Map<string, RegisterWrite>()
  for (const write of writes)
    if ((highest.get(write.register)?.rank ?? -Infinity) < write.rank) highest.set(write.register, write)
  return [...highest.values()]
}

const expressionOf = (clauses: readonly Clause[]): string => {
  const part = (verb: string, parts: readonly string[]) =>
    parts.length === 0 ? [] : [`${verb} ${parts.join(', ')}`]
  return [
    ...part(
      'SET',
      clauses.flatMap(({ set }) => set ?? []),
    ),
    ...part(
      'REMOVE',
      clauses.flatMap(({ remove }) => remove ?? []),
    ),
  ].join(' ')
}

interface Clause {
  readonly set?: string
  readonly remove?: string
  readonly condition: string
  readonly names: Readonly<Record<string, string>>
  readonly values: Readonly<Record<string, AttributeValue>>
}

const registerClause = (index: number, { register, rank, value, forget }: RegisterWrite): Clause => ({
  ...(forget ? { remove: `#r${index}` } : { set: `#r${index} = :r${index}` }),
  condition: `(attribute_not_exists(#r${index}) OR #r${index}.#rank < :k${index})`,
  names: { '#rank': 'rank', [`#r${index}`]: attributeOf(register) },
  values: {
    ...(!forget && {
      [`:r${index}`]: { M: { rank: { N: String(rank) }, value: { S: JSON.stringify(value) } } },
    }),
    [`:k${index}`]: { N: String(rank) },
  },
})

/** An update cannot take the later of two times; it can insist on which of them is the later one. */
const sweepClause = (wanted: number, present: number): Clause => {
  const names = { '#sweepAfter': 'sweepAfter' }
  const values = { ':sweepAfter': { N: String(wanted) } }
  return present > wanted
    ? { condition: '#sweepAfter > :sweepAfter', names, values }
    : {
        set: '#sweepAfter = :sweepAfter',
        condition: '(attribute_not_exists(#sweepAfter) OR #sweepAfter <= :sweepAfter)',
        names,
        values,
      }
}
