import { Access } from '@countersign/core/access'
import { type EventOf, parseEvent } from '@countersign/core/events'
import type { Row } from '@countersign/core/shared'
import type { Services } from '@countersign/functions/runtime/services'
import type { ReadModels } from '@countersign/local'
import type { Deployment } from './deploy.ts'
import type { Wire } from './wire.ts'

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>

/** Every item of a table, as it is stored. */
async function* itemsOf(wire: Wire, TableName: string | undefined): AsyncGenerator<Item> {
  let ExclusiveStartKey: unknown
  do {
    const page = await wire.target('dynamodb', 'Scan', {
      TableName,
      ConsistentRead: true,
      ...(ExclusiveStartKey !== undefined && { ExclusiveStartKey }),
    })
    yield* page.Items as readonly Item[]
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
}

/** Every event of the ledger, in no order. */
export const everyEvent = async (wire: Wire, { outputs }: Deployment): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  for await (const { kind, event } of itemsOf(wire, outputs.environment.LEDGER_TABLE)) {
    if (kind?.S !== 'event') continue
    const parsed = parseEvent(JSON.parse(event?.S ?? ''))
    if (!parsed.ok) throw new Error(`the ledger holds an event that cannot be read: ${parsed.error.detail}`)
    events.push(parsed.value)
  }
  return events
}

/** What the whole event log makes of the read model, beside what the read model is. */
export const readModels = async (
  wire: Wire,
  deployment: Deployment,
  { accessRows }: Pick<Services, 'accessRows'>,
): Promise<ReadModels> => {
  const rebuilt = Access.rebuild(await everyEvent(wire, deployment))
  const live = new Map<string, Row>()
  for await (const [key, row] of accessRows.scan()) live.set(key, row)
  return { rebuilt, live }
}
