import type { StoredRow } from '@countersign/core/access'
import type { Json, Register, Row } from '@countersign/core/shared'

/** An attribute as DynamoDB's JSON has it; the kinds a row is made of. */
export interface Attribute {
  readonly S?: string | undefined
  readonly N?: string | undefined
  readonly M?: { readonly [name: string]: Attribute } | undefined
}

export type Item = { readonly [name: string]: Attribute }

/**
 * Each register is an attribute of its own, `r#<register>`: a map of its rank and its value as JSON text. So a register
 * is written without reading its neighbours, and nothing has to be there before the first one.
 */
const PREFIX = 'r#'

export const attributeOf = (register: string): string => `${PREFIX}${register}`

/** The key of an item of the table `Access`. */
export const keyOf = (item: Item): string => {
  const key = item.key?.S
  if (key === undefined) throw new Error('an item of the read model has no key')
  return key
}

export const rowOf = (item: Item): Row => {
  const registers = Object.entries(item)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, attribute]) => [name.slice(PREFIX.length), registerOf(name, attribute)] as const)
  const sweepAfter = item.sweepAfter?.N
  return {
    registers: Object.fromEntries(registers),
    ...(sweepAfter !== undefined && { sweepAfter: Number(sweepAfter) }),
  }
}

const registerOf = (name: string, { M }: Attribute): Register => {
  const [rank, value] = [M?.rank?.N, M?.value?.S]
  if (rank === undefined || value === undefined) throw new Error(`the attribute ${name} is not a register`)
  return { rank: Number(rank), value: JSON.parse(value) as Json }
}

/** An item whatever it holds: for a rebuild, which puts right what nothing else can read. */
export const storedRowOf = (item: Item): StoredRow => {
  const registers: Record<string, Register> = {}
  const unreadable: string[] = []
  for (const [name, attribute] of Object.entries(item)) {
    if (!name.startsWith(PREFIX)) continue
    try {
      registers[name.slice(PREFIX.length)] = registerOf(name, attribute)
    } catch {
      unreadable.push(name.slice(PREFIX.length))
    }
  }
  const { sweepAfter } = item
  if (sweepAfter && !Number.isSafeInteger(Number(sweepAfter.N))) unreadable.push('sweepAfter')
  return {
    key: keyOf(item),
    registers,
    ...(sweepAfter && { sweepAfter: Number(sweepAfter.N) }),
    unreadable,
    exact: item,
  }
}
