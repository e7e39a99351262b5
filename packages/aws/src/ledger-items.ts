import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { EntityKind } from '@countersign/core/ledger'

export const STATE = 'state'

/** Partition key of an entity's state and events. */
export const entityKey = (kind: EntityKind, id: string): string => `${kind}#${id}`

/** Sort key of an event: as text in the order of the versions. */
export const eventKey = (version: number): string => `event#${String(version).padStart(12, '0')}`

export const claimKey = (name: string) => ({ pk: { S: `claim#${name}` }, sk: { S: 'claim' } })
export const idempotencyKey = (key: string) => ({ pk: { S: `idempotency#${key}` }, sk: { S: 'idempotency' } })

/** Where nothing ever is; the policy of who may try to write there names it. */
export const PROBE = { pk: { S: 'probe' }, sk: { S: 'probe' } }

/** RFC 3339 of one width, so that text sorts as time does. */
export const sortable = (instant: string): string => new Date(instant).toISOString()

/** `2026-01-31` of an instant. */
export const dayOf = (instant: string): string => instant.slice(0, '2026-01-31'.length)

type Item = Readonly<Record<string, AttributeValue>>

/** The one way from an entity's item to its state: only a commit writes it. */
export const stateOf = <State>(item: Item) => ({
  state: JSON.parse(textOf(item, 'state')) as State,
  version: numberOf(item, 'version'),
  head: textOf(item, 'head'),
})

export const textOf = (item: Item, name: string): string => {
  const text = item[name]?.S
  if (text === undefined) throw new Error(`an item of the ledger has no text "${name}"`)
  return text
}

export const numberOf = (item: Item, name: string): number => {
  const number = item[name]?.N
  if (number === undefined) throw new Error(`an item of the ledger has no number "${name}"`)
  return Number(number)
}
