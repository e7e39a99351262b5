import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import type { DeadLetter, Pipeline, SubscriptionStatus } from '@countersign/core/events'
import { clientSettings, within } from './calls.ts'

/** The URLs of a subscription's queue and of its dead-letter queue. */
export interface SubscriptionQueues {
  readonly queueUrl: string
  readonly deadLetterQueueUrl: string
}

export interface SqsPipelineOptions {
  readonly queues: Readonly<Record<string, SubscriptionQueues>>
  readonly client?: SQSClient
  readonly clock?: () => Date
}

const LIMIT_MILLISECONDS = 6_000

/** SQS hands out ten messages at most. */
const PORTION = 10

/** A message that was looked at comes back after this. */
const PEEK_SECONDS = 1

/** A look that waits asks every server of the queue; who waits longer than a peek lasts finds what others hide by one. */
const LOOK_SECONDS = 1
const LAST_LOOK_SECONDS = 3

/** Longer than sending a message and deleting it may take; then it comes back to the dead letters. */
const MOVE_SECONDS = (2 * LIMIT_MILLISECONDS) / 1_000 + 1

/** A redrive ends after this, moved or not: what fails again at once must not go round for ever. */
const REDRIVE_MILLISECONDS = 15_000

type Context = Required<SqsPipelineOptions>

/** The queues between the bus and the subscribers. What the relay still owes cannot be counted here. */
export const sqsPipeline = (options: SqsPipelineOptions): Pipeline => {
  const context = {
    client: new SQSClient({ ...clientSettings(5_000), useQueueUrlAsEndpoint: false }),
    clock: () => new Date(),
    ...options,
  }
  return {
    status: async () => ({
      unrelayed: undefined,
      subscriptions: await Promise.all(
        Object.entries(context.queues).map(([name, queues]) => statusOf(context, name, queues)),
      ),
    }),
    redrive: async (subscription) =>
      Object.hasOwn(context.queues, subscription)
        ? redrive(context, context.queues[subscription])
        : undefined,
  }
}

const statusOf = async (
  context: Context,
  name: string,
  { queueUrl, deadLetterQueueUrl }: SubscriptionQueues,
): Promise<SubscriptionStatus> => {
  const [main, dead, letters] = await Promise.all([
    depthOf(context, queueUrl),
    depthOf(context, deadLetterQueueUrl),
    receive(context, deadLetterQueueUrl, PEEK_SECONDS, 0),
  ])
  return {
    name,
    waiting: main.visible,
    inFlight: main.hidden,
    dead: dead.visible + dead.hidden,
    deadLetters: letters.toSorted((a, b) => sentAt(a) - sentAt(b)).map(deadLetterOf),
  }
}

const depthOf = async ({ client }: Context, QueueUrl: string) => {
  const command = new GetQueueAttributesCommand({
    QueueUrl,
    AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
  })
  const { Attributes } = await within(LIMIT_MILLISECONDS, 'looking at a queue', (limit) =>
    client.send(command, limit),
  )
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
  }
}

const receive = async (
  { client }: Context,
  QueueUrl: string,
  VisibilityTimeout: number,
  WaitTimeSeconds: number,
): Promise<readonly Message[]> => {
  const command = new ReceiveMessageCommand({
    QueueUrl,
    VisibilityTimeout,
    WaitTimeSeconds,
    MaxNumberOfMessages: PORTION,
    MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
    MessageAttributeNames: ['All'],
  })
  const { Messages = [] } = await within(LIMIT_MILLISECONDS, 'receiving from a queue', (limit) =>
    client.send(command, limit),
  )
  return Messages
}

const sentAt = ({ Attributes }: Message): number => Number(Attributes?.SentTimestamp ?? 0)

const deadLetterOf = ({ Body = '', Attributes }: Message): DeadLetter => ({
  ...identityOf(Body),
  receives: Number(Attributes?.ApproximateReceiveCount ?? 0),
  lastError: undefined,
})

/** The envelope's own id where there is one; otherwise what EventBridge called the event. */
const identityOf = (body: string): Pick<DeadLetter, 'eventId' | 'eventType'> => {
  const delivered = objectOf(body)
  const detail = objectOf(delivered.detail)
  return {
    eventId: textIn(detail.id) ?? textIn(delivered.id),
    eventType: textIn(delivered['detail-type']) ?? textIn(detail.type),
  }
}

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** A dead letter may be dead because nobody can read it: then nothing is known of it. */
const objectOf = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  if (typeof value !== 'string') return {}
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'string' ? {} : objectOf(parsed)
  } catch {
    return {}
  }
}

const redrive = async (context: Context, queues: SubscriptionQueues | undefined): Promise<number> => {
  if (!queues) return 0
  const end = context.clock().getTime() + REDRIVE_MILLISECONDS
  let moved = 0
  while (context.clock().getTime() < end) {
    const messages = await held(context, queues.deadLetterQueueUrl)
    if (messages.length === 0) return moved
    const outcomes = await Promise.allSettled(messages.map((message) => move(context, queues, message)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    moved += outcomes.filter(({ status }) => status === 'fulfilled').length
    if (failed)
      throw new Error(`${moved} dead letters were moved, then one was not`, { cause: failed.reason })
  }
  return moved
}

/** Some of what is there to be moved; none once nothing is left, not even in the hands of somebody who looks at it. */
const held = async (context: Context, QueueUrl: string): Promise<readonly Message[]> => {
  const found = await receive(context, QueueUrl, MOVE_SECONDS, LOOK_SECONDS)
  if (found.length > 0) return found
  const { visible, hidden } = await depthOf(context, QueueUrl)
  return visible + hidden === 0 ? [] : receive(context, QueueUrl, MOVE_SECONDS, LAST_LOOK_SECONDS)
}

/** Sent before it is deleted: what dies in between is there twice, and never gone. */
const move = async (
  { client }: Context,
  { queueUrl, deadLetterQueueUrl }: SubscriptionQueues,
  message: Message,
) => {
  const sending = new SendMessageCommand({
    QueueUrl: queueUrl,
    MessageBody: message.Body,
    ...(message.MessageAttributes && { MessageAttributes: message.MessageAttributes }),
  })
  await within(LIMIT_MILLISECONDS, 'sending a dead letter', (limit) => client.send(sending, limit))
  const deleting = new DeleteMessageCommand({
    QueueUrl: deadLetterQueueUrl,
    ReceiptHandle: message.ReceiptHandle,
  })
  await within(LIMIT_MILLISECONDS, 'deleting a dead letter', (limit) => client.send(deleting, limit))
}
