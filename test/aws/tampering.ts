import type { Tampering } from '../support/world.ts'
import type { EmulatorWorld } from './world.ts'

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>

/** Whoever may write to the ledger's table by hand. */
export const dynamoTampering = ({
  wire,
  deployment,
}: Pick<EmulatorWorld, 'wire' | 'deployment'>): Tampering => {
  const TableName = deployment.outputs.environment.LEDGER_TABLE
  const call = (operation: string, input: object) =>
    wire.target('dynamodb', operation, { TableName, ...input })
  const get = async (pk: string, sk: string): Promise<Item> => {
    const { Item } = await call('GetItem', { Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true })
    if (!Item) throw new Error(`the ledger has no item ${pk} ${sk}`)
    return Item as Item
  }
  const put = async (Item: Item) => void (await call('PutItem', { Item }))
  return {
    event: async ({ kind, id, version }, change) => {
      const [pk, sk] = [`${kind}#${id}`, `event#${String(version).padStart(12, '0')}`]
      const item = await get(pk, sk)
      const text = change(item.event?.S ?? '')
      if (text === undefined) await call('DeleteItem', { Key: { pk: { S: pk }, sk: { S: sk } } })
      else await put({ ...item, event: { S: text } })
      return () => put(item)
    },
    end: async ({ kind, id }, change) => {
      const item = await get(`${kind}#${id}`, 'state')
      const { version, head } = change({ version: Number(item.version?.N), head: item.head?.S ?? '' })
      await put({ ...item, version: { N: String(version) }, head: { S: head } })
      return () => put(item)
    },
  }
}
