import { Access } from '@countersign/core/access'
import { type EventOf, parseEvent } from '@countersign/core/events'
import type { Row } from '@countersign/core/shared'
import type { Services } from '@countersign/functions/runtime/services'
import type { ReadModels } from '@countersign/local'
import type { Deployment } from './deploy.ts'
import type { Wire } from './wire.ts'

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>

/** The events among the items of the ledger, as they are stored. */
async function* eventsOf(wire: Wire, TableName: string | undefined): AsyncGenerator<Item> {
  let ExclusiveStartKey: unknown
  do {
    const page = await wire.target('dynamodb', 'Scan', {
      TableName,
      ConsistentRead: true,
      FilterExpression: 'kind = :event',
      ProjectionExpression: '#event',
      ExpressionAttributeNames: { '#event': 'event' },
      ExpressionAttributeValues: { ':event': { S: 'event' } },
      ...(ExclusiveStartKey !== undefined && { ExclusiveStartKey }),
    })
    yield* page.Items as readonly Item[]
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey !== undefined)
}

/** Events never change, and the ledger is read again and again. */
const known = new Map<string, EventOf>()

const eventIn = (text: string): EventOf => {
  const found = known.get(text)
  if (found) return found
  const parsed = parseEvent(JSON.parse(text))
  if (!parsed.ok) throw new Error(`the ledger holds an event that cannot be read: ${parsed.error.detail}`)
  known.set(text, parsed.value)
  return parsed.value
}

/** Every event of the ledger, in no order. */
export const everyEvent = async (wire: Wire, { outputs }: Deployment): Promise<readonly EventOf[]> => {
  const events: EventOf[] = []
  for await (const { event } of eventsOf(wire, outputs.environment.LEDGER_TABLE))
    events.push(eventIn(event?.S ?? ''))
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
