import type { EventOf, Unpublished } from '@countersign/core/events'
import { parseEvent } from '@countersign/core/events'
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { publisher } from '../runtime/connectors/publisher.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/**
 * Puts the ledger's events on the bus, in the order of the stream. A batch is reported from the first event that did not
 * get through, so that it and all after it come again, and the bus may see an event twice. Only what the bus will never
 * take is passed over: the publisher has laid it among the dead letters, and it must not hold up all that comes after.
 */
export const make =
  ({ publisher, log }: Pick<Services, 'publisher' | 'log'>) =>
  async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const inserts = Records.flatMap((record) => eventOf(record))
    const failed = await publisher.publish(inserts.map(({ event }) => event))
    log({ level: 'info', message: 'a batch was relayed', events: inserts.length, failed: failed.length })
    if (failed.length === 0) return { batchItemFailures: [] }
    for (const { eventId, retryable, detail } of failed)
      log({ level: 'error', message: 'an event was not published', eventId, retryable, detail })
    const again = failed.filter(({ retryable }) => retryable)
    if (again.length === 0) return { batchItemFailures: [] }
    // A failure that names none of them says that some are missing, but not which: all come again.
    const first = inserts.find(({ event }) => isAmong(again, event)) ?? inserts[0]
    return { batchItemFailures: first ? [{ itemIdentifier: first.sequence }] : [] }
  }

export const handler = lambda(make, { publisher })

const isAmong = (failed: readonly Unpublished[], event: EventOf) =>
  failed.some(({ eventId }) => eventId === event.id)

/** The ledger's table holds more than events; only their insertion is news. */
const eventOf = ({ eventName, dynamodb }: DynamoDBRecord) => {
  const text = dynamodb?.NewImage?.event?.S
  const sequence = dynamodb?.SequenceNumber
  if (eventName !== 'INSERT' || text === undefined || sequence === undefined) return []
  const event = parseEvent(JSON.parse(text))
  if (!event.ok) throw new Error(`the ledger holds an event that cannot be read: ${event.error.detail}`)
  return [{ event: event.value, sequence }]
}
