import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge'
import type { EventOf, Publisher, Unpublished } from '@countersign/core/events'
import { clientSettings, failure, within } from './calls.ts'

export interface EventBridgePublisherOptions {
  readonly busName: string
  readonly client?: EventBridgeClient
}

/** EventBridge's own limits of one `PutEvents`. */
const MOST_ENTRIES = 10
const MOST_BYTES = 262_144
const LIMIT_MILLISECONDS = 5_000

/** What an entry's `Time` counts for (EventBridge user guide, "Calculating PutEvents event entry size"). */
const TIME_BYTES = 14

/** Entries that are wrong in themselves. Missing rights are not: they can be given, and then the entry is taken. */
const HOPELESS = new Set(['InvalidArgument', 'MalformedDetail', 'RedactionFailure'])

interface Sized {
  readonly eventId: string
  readonly entry: PutEventsRequestEntry
  readonly bytes: number
}

/** Puts envelopes on a bus: `Source` and `DetailType` are the envelope's, `Detail` is the whole of it. */
export const eventBridgePublisher = (options: EventBridgePublisherOptions): Publisher => {
  const client = options.client ?? new EventBridgeClient(clientSettings(2_000))
  return {
    publish: async (events) => {
      const sized = events.map((event) => sizedEntry(event, options.busName))
      const tooLarge = sized.filter(({ bytes }) => bytes > MOST_BYTES)
      const batches = batchesOf(sized.filter(({ bytes }) => bytes <= MOST_BYTES))
      const outcomes = await Promise.allSettled(batches.map((batch) => put(client, batch)))
      if (outcomes.length > 0 && tooLarge.length === 0) throwIfAllFailed(outcomes)
      return [...tooLarge.map(refusedAsTooLarge), ...outcomes.flatMap((o, at) => unpublished(o, batches[at]))]
    },
  }
}

const sizedEntry = (event: EventOf, EventBusName: string): Sized => {
  const entry = {
    EventBusName,
    Source: event.source,
    DetailType: event.type,
    Detail: JSON.stringify(event),
    Time: new Date(event.time),
  }
  const texts = [entry.Source, entry.DetailType, entry.Detail]
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), TIME_BYTES)
  return { eventId: event.id, entry, bytes }
}

const batchesOf = (sized: readonly Sized[]): readonly (readonly Sized[])[] => {
  const batches: Sized[][] = []
  let room = 0
  for (const one of sized) {
    const batch = batches.at(-1)
    if (batch && batch.length < MOST_ENTRIES && one.bytes <= room) batch.push(one)
    else {
      batches.push([one])
      room = MOST_BYTES
    }
    room -= one.bytes
  }
  return batches
}

/** `PutEvents` answers 200 when it took none of them: every entry is looked at. */
const put = async (client: EventBridgeClient, batch: readonly Sized[]): Promise<readonly Unpublished[]> => {
  const command = new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) })
  const { Entries = [] } = await within(LIMIT_MILLISECONDS, 'putting events on the bus', (limit) =>
    client.send(command, limit),
  )
  return batch.flatMap(({ eventId }, index) => refusalOf(eventId, Entries[index]))
}

const refusalOf = (eventId: string, entry: PutEventsResultEntry | undefined): readonly Unpublished[] => {
  if (entry?.EventId !== undefined && entry.ErrorCode === undefined) return []
  const code = entry?.ErrorCode ?? 'no answer for this entry'
  const detail = entry?.ErrorMessage ? `${code}: ${entry.ErrorMessage}` : code
  return [{ eventId, retryable: !HOPELESS.has(code), detail }]
}

const refusedAsTooLarge = ({ eventId, bytes }: Sized): Unpublished => ({
  eventId,
  retryable: false,
  detail: `${bytes} bytes; an event on the bus has ${MOST_BYTES} at most`,
})

type Outcome = PromiseSettledResult<readonly Unpublished[]>

const throwIfAllFailed = (outcomes: readonly Outcome[]): void => {
  const causes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (causes.length === outcomes.length)
    throw new Error('no event could be put on the bus', { cause: causes[0] })
}

const unpublished = (outcome: Outcome, batch: readonly Sized[] = []): readonly Unpublished[] =>
  outcome.status === 'fulfilled'
    ? outcome.value
    : batch.map(({ eventId }) => ({ eventId, retryable: true, detail: failure('the call', outcome.reason) }))
