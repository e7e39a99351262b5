import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { StoredRow } from '@countersign/core/access'
import type { Register, Row } from '@countersign/core/shared'
import { attributeOf } from './access-item.ts'

type Item = Readonly<Record<string, AttributeValue>>

/** Registers that a command or the projector may add to a row at any moment; a row that has one more is not removed. */
const REGISTERS = [
  'grant',
  'superseded',
  'refusal',
  'session',
  'keys',
  'refused',
  'binding',
  'rules',
] as const

const itemOf = (seen: StoredRow | undefined): Item => (seen?.exact ?? {}) as Item

const isData = (name: string): boolean => name !== 'key'

/** One clause for each attribute that is touched: it must still be what was seen, or not be there as it was not. */
const conditionsOf = (seen: Item, touched: readonly string[]) => {
  const present = touched.map((name) => seen[name])
  return {
    ConditionExpression: touched
      .map((_, index) => (present[index] ? `#a${index} = :seen${index}` : `attribute_not_exists(#a${index})`))
      .join(' AND '),
    names: Object.fromEntries(touched.map((name, index) => [`#a${index}`, name])),
    values: Object.fromEntries(present.flatMap((value, index) => (value ? [[`:seen${index}`, value]] : []))),
  }
}

const attributeFrom = ({ rank, value }: Register): AttributeValue => ({
  M: { rank: { N: String(rank) }, value: { S: JSON.stringify(value) } },
})

const itemFrom = ({ registers, sweepAfter }: Row): Item => ({
  ...Object.fromEntries(
    Object.entries(registers).map(([name, register]) => [attributeOf(name), attributeFrom(register)]),
  ),
  ...(sweepAfter !== undefined && { sweepAfter: { N: String(sweepAfter) } }),
})

/** An update that makes a row what is wanted, and touches nothing that is right already; undefined when all of it is. */
export const replacementOf = (seen: StoredRow | undefined, wanted: Row) => {
  const [before, after] = [itemOf(seen), itemFrom(wanted)]
  const all = new Set([...Object.keys(before), ...Object.keys(after)].filter(isData))
  const touched = [...all].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  if (touched.length === 0) return undefined
  const { ConditionExpression, names, values } = conditionsOf(before, touched)
  const set = touched.flatMap((name, index) => (after[name] ? [`#a${index} = :new${index}`] : []))
  const remove = touched.flatMap((name, index) => (after[name] ? [] : [`#a${index}`]))
  return {
    UpdateExpression: [
      ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
      ...(remove.length > 0 ? [`REMOVE ${remove.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: {
      ...values,
      ...Object.fromEntries(
        touched.flatMap((name, index) => (after[name] ? [[`:new${index}`, after[name]]] : [])),
      ),
    },
  }
}

/** A deletion of the row that was seen, and of none that something was added to since. */
export const removalOf = (seen: StoredRow | undefined) => {
  const before = itemOf(seen)
  const touched = [...new Set([...Object.keys(before).filter(isData), ...REGISTERS.map(attributeOf)])]
  const { names, values, ConditionExpression } = conditionsOf(before, touched)
  const isEmpty = Object.keys(values).length === 0
  return {
    ConditionExpression,
    ExpressionAttributeNames: names,
    ...(!isEmpty && { ExpressionAttributeValues: values }),
  }
}
