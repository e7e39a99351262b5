import { setTimeout } from 'node:timers/promises'
import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { EventOf, Publisher, Unpublished } from '@countersign/core/events'
import { type Backoff, waitOf } from './backoff.ts'
import { clientSettings, failure, within } from './calls.ts'

export interface EventBridgePublisherOptions extends Partial<Backoff> {
  readonly busName: string
  /** Where an event ends that the bus will never take. Asked for only then. */
  readonly deadLetterQueueUrl: () => string
  readonly client?: EventBridgeClient
  readonly queueClient?: SQSClient
}

/** EventBridge's own limits of one `PutEvents`. */
const MOST_ENTRIES = 10
const MOST_BYTES = 262_144
const LIMIT_MILLISECONDS = 5_000

/** Puts of one entry alone, after its batch was taken without it. */
const ATTEMPTS_ALONE = 2

/** What an entry's `Time` counts for (EventBridge user guide, "Calculating PutEvents event entry size"). */
const TIME_BYTES = 14

/** Entries that are wrong in themselves. Missing rights are not: they can be given, and then the entry is taken. */
const HOPELESS = new Set(['InvalidArgument', 'MalformedDetail', 'RedactionFailure'])

interface Sized {
  readonly event: EventOf
  readonly entry: PutEventsRequestEntry
  readonly bytes: number
}

type Context = Required<Omit<EventBridgePublisherOptions, 'queueClient'>> &
  Pick<EventBridgePublisherOptions, 'queueClient'>

/**
 * Puts envelopes on a bus: `Source` and `DetailType` are the envelope's, `Detail` is the whole of it. What a batch was
 * taken without is put again, one by one; what the bus will never take goes to the dead letters with its reason.
 */
export const eventBridgePublisher = (options: EventBridgePublisherOptions): Publisher => {
  const context: Context = {
    client: new EventBridgeClient(clientSettings(2_000)),
    sleep: setTimeout,
    random: Math.random,
    ...options,
  }
  return {
    publish: async (events) => {
      const sized = events.map((event) => sizedEntry(event, options.busName))
      const tooLarge = sized.filter(({ bytes }) => bytes > MOST_BYTES)
      const batches = batchesOf(sized.filter(({ bytes }) => bytes <= MOST_BYTES))
      const outcomes = await Promise.allSettled(batches.map((batch) => putTogether(context, batch)))
      if (outcomes.length > 0 && tooLarge.length === 0) throwIfAllFailed(outcomes)
      const refused = [
        ...tooLarge.map(refusedAsTooLarge),
        ...outcomes.flatMap((outcome, at) => unpublished(outcome, batches[at])),
      ]
      return Promise.all(refused.map((one) => (one.retryable ? told(one) : giveUp(context, one))))
    },
  }
}

/** Not taken, with the event itself. */
interface Refused extends Unpublished {
  readonly event: EventOf
}

const told = ({ eventId, retryable, detail }: Refused): Unpublished => ({ eventId, retryable, detail })

/** The ledger has the event; the dead letter says which, and why. What could not be laid there comes again. */
const giveUp = async (context: Context, refused: Refused): Promise<Unpublished> => {
  const { event, detail } = refused
  const { id, type, subject, entityversion } = event
  const queueUrl = context.deadLetterQueueUrl()
  const letter = { reason: detail, event: { id, type, subject, entityversion } }
  try {
    const { layDeadLetter } = await import('./dead-letter.ts')
    await layDeadLetter(queueUrl, letter, context.queueClient)
    return told(refused)
  } catch (error) {
    return { eventId: id, retryable: true, detail: `${detail}; ${failure('the dead letter', error)}` }
  }
}

const putTogether = async (context: Context, batch: readonly Sized[]): Promise<readonly Refused[]> => {
  const refused = await put(context, batch)
  return (await Promise.all(refused.map((one) => putAlone(context, one, batch)))).flat()
}

/** Its neighbours are on the bus: only this one again. */
const putAlone = async (
  context: Context,
  refused: Refused,
  batch: readonly Sized[],
): Promise<readonly Refused[]> => {
  const alone = batch.filter(({ event }) => event.id === refused.eventId)
  let last = refused
  for (let attempt = 0; attempt < ATTEMPTS_ALONE && last.retryable; attempt++) {
    await context.sleep(waitOf(attempt, context.random))
    const [still] = await put(context, alone).catch(() => [last])
    if (!still) return []
    last = still
  }
  return [last]
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
  return { event, entry, bytes }
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
const put = async ({ client }: Context, batch: readonly Sized[]): Promise<readonly Refused[]> => {
  const command = new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) })
  const { Entries = [] } = await within(LIMIT_MILLISECONDS, 'putting events on the bus', (limit) =>
    client.send(command, limit),
  )
  return batch.flatMap(({ event }, index) => refusalOf(event, Entries[index]))
}

const refusalOf = (event: EventOf, entry: PutEventsResultEntry | undefined): readonly Refused[] => {
  if (entry?.EventId !== undefined && entry.ErrorCode === undefined) return []
  const code = entry?.ErrorCode ?? 'no answer for this entry'
  const detail = entry?.ErrorMessage ? `${code}: ${entry.ErrorMessage}` : code
  return [{ event, eventId: event.id, retryable: !HOPELESS.has(code), detail }]
}

const refusedAsTooLarge = ({ event, bytes }: Sized): Refused => ({
  event,
  eventId: event.id,
  retryable: false,
  detail: `${bytes} bytes; an event on the bus has ${MOST_BYTES} at most`,
})

type Outcome = PromiseSettledResult<readonly Refused[]>

const throwIfAllFailed = (outcomes: readonly Outcome[]): void => {
  const causes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  if (causes.length === outcomes.length)
    throw new Error('no event could be put on the bus', { cause: causes[0] })
}

const unpublished = (outcome: Outcome, batch: readonly Sized[] = []): readonly Refused[] =>
  outcome.status === 'fulfilled'
    ? outcome.value
    : batch.map(({ event }) => ({
        event,
        eventId: event.id,
        retryable: true,
        detail: failure('the call', outcome.reason),
      }))
