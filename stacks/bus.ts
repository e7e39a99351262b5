import {
  type InboxName,
  inboxes as inboxesOf,
  type LogSubscription,
  logSubscriptions,
  type Schedule,
  type Stream,
  schedules,
  streams,
  type Inbox as Waiting,
} from '@countersign/topology'
import { each } from './each.ts'
import { keptWhenProtected, named } from './stage.ts'

const DAY_SECONDS = 86_400
const ARCHIVE_DAYS = 90

/** As AWS advises: a message may be tried again while its batch is still being worked on otherwise. */
const VISIBILITY_TIMEOUTS = 6

export const bus = new sst.aws.Bus('Bus')

new aws.cloudwatch.EventArchive(
  'BusArchive',
  { name: named('Bus', 48), eventSourceArn: bus.arn, retentionDays: ARCHIVE_DAYS },
  keptWhenProtected,
)

/** Longer than any queue keeps a message, because the age counts from the first arrival. */
const deadLetters = (name: string) =>
  new sst.aws.Queue(`${name}DeadLetters`, {
    transform: {
      queue: (queue, options) => {
        queue.messageRetentionSeconds = 14 * DAY_SECONDS
        queue.sqsManagedSseEnabled = true
        Object.assign(options, keptWhenProtected)
      },
    },
  })

const inbox = (name: string, { timeoutSeconds, maxReceiveCount }: Waiting, dead: sst.aws.Queue) =>
  new sst.aws.Queue(name, {
    visibilityTimeout: `${VISIBILITY_TIMEOUTS * timeoutSeconds} seconds`,
    dlq: { queue: dead.arn, retry: maxReceiveCount },
    transform: { queue: { messageRetentionSeconds: 4 * DAY_SECONDS, sqsManagedSseEnabled: true } },
  })

/**
 * What EventBridge cannot deliver and what a handler cannot handle lie in the same dead-letter queue: both are the
 * event as the queue would have it, so one redrive serves both.
 */
export interface Inbox {
  readonly queue: sst.aws.Queue
  readonly deadLetters: sst.aws.Queue
}

export const inboxes = each<InboxName, Waiting, Inbox>(inboxesOf, (waiting, name) => {
  const dead = deadLetters(name)
  return { queue: inbox(name, waiting, dead), deadLetters: dead }
})

/** Where stream records, runs of schedules and deliveries of logs end that were given up. */
export const givenUp = {
  ...each<keyof typeof streams, Stream, sst.aws.Queue>(streams, (_, name) => deadLetters(name)),
  ...each<keyof typeof schedules, Schedule, sst.aws.Queue>(schedules, (_, name) => deadLetters(name)),
  ...each<keyof typeof logSubscriptions, LogSubscription, sst.aws.Queue>(logSubscriptions, (_, name) =>
    deadLetters(name),
  ),
}
