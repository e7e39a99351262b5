import { causesOf } from '@countersign/functions/runtime/http'
import type { Services } from '@countersign/functions/runtime/services'
import { type Inbox, type InboxName, inboxes, streams, workQueues } from '@countersign/topology'
import type { DynamoDBBatchResponse, DynamoDBStreamEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import type { Database, SqlRow } from '../store/database.ts'
import type { Pick as PickMessages, Queues, Received } from '../store/sqlite-queues.ts'
import type { Adversity } from './bus.ts'
import { makeFrom } from './modules.ts'

/** Where a process can die between two effects; named so that a test can make it die there. */
export type Step = 'committed' | 'read-stream' | 'published' | 'moved-on' | 'received' | 'handled' | 'deleted'

export interface WorkerOptions {
  readonly database: Database
  readonly queues: Queues
  readonly services: Services
  readonly adversity: Adversity | undefined
  readonly visibilityMilliseconds: number
  readonly onStep: (step: Step) => void
}

const STREAM_BATCH = 100
const QUEUE_BATCH = 10
const names = Object.keys(inboxes) as InboxName[]

type Relay = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>
type Subscriber = (event: SQSEvent) => Promise<SQSBatchResponse>

/** The road from the ledger to the subscribers, one step at a time; who calls decides when. */
export interface Workers {
  /** Relays one batch; false when there was nothing, or when the first of it did not get through. */
  relay(): Promise<boolean>
  /** Handles one batch of a queue; false when nothing was visible. */
  poll(name: InboxName, lane: number): Promise<boolean>
  unrelayed(): number
}

export const createWorkers = (options: WorkerOptions): Workers => {
  const handlers = new Map<string, Promise<unknown>>()
  const errors = new Map<string, string>()
  const services = { ...options.services, log: remembering(errors, options.services.log) }
  const handlerOf = <H>(module: string): Promise<H> => {
    const made = handlers.get(module) ?? makeFrom(module, services)
    handlers.set(module, made)
    made.catch(() => handlers.delete(module)) // a failure is not kept: the next message tries again
    return made as Promise<H>
  }
  const oneAtATime = inTurn()
  const polls = new Map(
    names.map((name) => [name, Array.from({ length: lanesOf(name) }, () => inTurn())] as const),
  )
  const poll = (name: InboxName) =>
    pollBatch(options, name, errors, () => handlerOf<Subscriber>(inboxes[name].module))
  return {
    relay: () => oneAtATime(() => relayBatch(options, () => handlerOf<Relay>(streams.Relay.module))),
    poll: (name, lane) => polls.get(name)?.[lane]?.(() => poll(name)) ?? Promise.resolve(false),
    unrelayed: () =>
      Number(
        options.database.get('SELECT count(*) AS n FROM event WHERE sequence > ?', position(options.database))
          ?.n,
      ),
  }
}

/** Runs one piece of work after the other: a stream has one reader, whoever asks for it to move. */
const inTurn = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}

const position = (database: Database): number =>
  Number(database.get(`SELECT sequence FROM stream_position WHERE stream = 'Relay'`)?.sequence ?? 0)

const relayBatch = async (
  { database, onStep, services }: WorkerOptions,
  handler: () => Promise<Relay>,
): Promise<boolean> => {
  const after = position(database)
  const rows = database.all(
    'SELECT sequence, body FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?',
    after,
    STREAM_BATCH,
  )
  if (rows.length === 0) return false
  onStep('read-stream')
  const relay = await handler()
  const failure = await relay(streamEvent(rows)).then(
    ({ batchItemFailures }) => batchItemFailures[0]?.itemIdentifier,
    (error: unknown) => {
      services.log({ level: 'error', message: 'the relay failed', error: causesOf(error) })
      return String(rows[0]?.sequence)
    },
  )
  onStep('published')
  const done = failure === undefined ? Number(rows.at(-1)?.sequence) : Number(failure) - 1
  const move =
    'INSERT INTO stream_position (stream, sequence) VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET sequence = excluded.sequence'
  database.run(move, 'Relay', done)
  onStep('moved-on')
  return done > after
}

/** As DynamoDB Streams would tell of new event items. */
const streamEvent = (rows: readonly SqlRow[]): DynamoDBStreamEvent => ({
  Records: rows.map(({ sequence, body }) => ({
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: String(sequence),
      NewImage: { kind: { S: 'event' }, event: { S: String(body) } },
    },
  })),
})

const pollBatch = async (
  { queues, services, adversity, visibilityMilliseconds, onStep }: WorkerOptions,
  name: InboxName,
  errors: Map<string, string>,
  handler: () => Promise<Subscriber>,
): Promise<boolean> => {
  const now = services.clock().getTime()
  const hiddenUntil = now + (lanesOf(name) > 1 ? hiddenMilliseconds(name) : visibilityMilliseconds)
  const batch = queues.receive(name, QUEUE_BATCH, now, hiddenUntil, pickOf(adversity))
  if (batch.length === 0) return false
  onStep('received')
  const failures = await handled(await handler(), batch, errors)
  onStep('handled')
  queues.delete(batch.filter(({ id }) => !failures.has(id)).map(({ id }) => id))
  const visibleAgain = services.clock().getTime() + visibilityMilliseconds
  for (const [id, error] of failures) queues.fail(id, error, inboxes[name].maxReceiveCount, visibleAgain)
  onStep('deleted')
  return true
}

/** Keeps what a handler says of a message that failed, so that an operator sees it beside the dead letter. */
const remembering =
  (errors: Map<string, string>, log: Services['log']): Services['log'] =>
  (line) => {
    const { messageId, error } = line
    if (typeof messageId === 'string') errors.set(messageId, [error].flat().map(String).join('; '))
    log(line)
  }

const handled = async (
  handle: Subscriber,
  batch: readonly Received[],
  errors: Map<string, string>,
): Promise<ReadonlyMap<number, string>> => {
  try {
    const { batchItemFailures } = await handle(sqsEvent(batch))
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier)))
    const said = (id: number) => errors.get(String(id)) ?? 'the handler reported a failure'
    const failures = new Map(batch.filter(({ id }) => failed.has(id)).map(({ id }) => [id, said(id)]))
    for (const { id } of batch) errors.delete(String(id))
    return failures
  } catch (error) {
    return new Map(batch.map(({ id }) => [id, causesOf(error).join('; ')]))
  }
}

const pickOf = (adversity: Adversity | undefined): PickMessages | undefined => {
  if (!adversity?.reorder) return undefined
  return (waiting) =>
    waiting
      .map((message) => ({ message, at: adversity.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ message }) => message)
}

const sqsEvent = (batch: readonly Received[]): SQSEvent => ({
  Records: batch.map(({ id, body, receives }) => ({
    messageId: String(id),
    receiptHandle: String(id),
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: '0',
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:local:000000000000:local',
    awsRegion: 'local',
  })),
})

/** Every queue of the topology. */
export const queueNames: readonly InboxName[] = names

/** What waits for others, as receivers of webhooks, is worked on side by side; what writes to the one file is not. */
const LANES = 8

export const lanesOf = (name: InboxName): number => (Object.hasOwn(workQueues, name) ? LANES : 1)

/** Several look at the queue, so nobody may see what another still works on: as the stacks have it. */
const hiddenMilliseconds = (name: InboxName): number => 6_000 * (inboxes[name] satisfies Inbox).timeoutSeconds
