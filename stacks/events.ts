import {
  type InboxName,
  type Stream,
  type Subscription,
  type SubscriptionName,
  streams,
  subscriptions,
  type Inbox as Waiting,
  workQueues,
} from '@countersign/topology'
import { bus, givenUp, type Inbox, inboxes } from './bus.ts'
import { each } from './each.ts'
import { functionOf } from './function.ts'
import type { Statement } from './links.ts'
import { stored } from './storage.ts'

const BATCH = 10
const STREAM_BATCH = 100
const STREAM_TIMEOUT_SECONDS = 60

/** EventBridge tries for a day by itself; then the event goes to the dead letters instead of nowhere. */
const DELIVERY = { maximumEventAgeInSeconds: 86_400, maximumRetryAttempts: 185 }

/** SST's own queue policy lets the rules of every account in; this one names the rule. */
const onlyFrom = (name: string, rule: aws.cloudwatch.EventRule, queue: sst.aws.Queue) =>
  new aws.sqs.QueuePolicy(
    name,
    {
      queueUrl: queue.url,
      policy: $jsonStringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: queue.arn,
            Condition: { ArnEquals: { 'aws:SourceArn': rule.arn } },
          },
        ],
      }),
    },
    { parent: queue },
  )

/** Rule → queue, with a way out for what cannot be delivered. */
const route = (name: string, { source, on }: Subscription, { queue, deadLetters }: Inbox) => {
  const parent = { parent: queue }
  const eventPattern = JSON.stringify({ source: [source], ...(on !== 'every' && { 'detail-type': on }) })
  const rule = new aws.cloudwatch.EventRule(`${name}Rule`, { eventBusName: bus.name, eventPattern }, parent)
  const policies = [
    onlyFrom(`${name}Policy`, rule, queue),
    onlyFrom(`${name}DeadLettersPolicy`, rule, deadLetters),
  ]
  new aws.cloudwatch.EventTarget(
    `${name}Target`,
    {
      rule: rule.name,
      eventBusName: bus.name,
      arn: queue.arn,
      deadLetterConfig: { arn: deadLetters.arn },
      retryPolicy: DELIVERY,
    },
    { ...parent, dependsOn: policies },
  )
}

const receivesFrom = (queue: sst.aws.Queue): readonly Statement[] => [
  { actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], resources: [queue.arn] },
]

/** Queue → function, with what failed reported one by one. */
const work = (name: InboxName, waiting: Waiting, description: string) => {
  const { queue } = inboxes[name]
  const works = functionOf(`${name}Subscriber`, waiting, {
    description: description.slice(0, 250),
    timeoutSeconds: waiting.timeoutSeconds,
    permissions: receivesFrom(queue),
  })
  queue.subscribe(works.arn, {
    batch: { size: BATCH, partialResponses: true },
    ...(waiting.mostAtOnce !== undefined && {
      transform: { eventSourceMapping: { scalingConfig: { maximumConcurrency: waiting.mostAtOnce } } },
    }),
  })
  return works
}

const eventsOf = ({ on }: Subscription) => (on === 'every' ? 'every event' : on.join(', '))

/** By subscription, and by queue that other functions fill: its function. */
export const subscribers = {
  ...each<SubscriptionName, Subscription, sst.aws.Function>(subscriptions, (subscription, name) => {
    const reacts = work(name, subscription, `Reacts to ${eventsOf(subscription)}`)
    route(name, subscription, inboxes[name])
    return reacts
  }),
  ...each<keyof typeof workQueues, Waiting, sst.aws.Function>(workQueues, (waiting, name) =>
    work(name, waiting, 'Works on what other functions left in its queue'),
  ),
}

const reads = (table: sst.aws.Dynamo): readonly Statement[] => [
  {
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    resources: [table.nodes.table.streamArn],
  },
]

/** Events in the ledger are items of their own, written once; states, claims and answers are not for the road. */
const EVENT_WRITTEN = { eventName: ['INSERT'], dynamodb: { NewImage: { kind: { S: ['event'] } } } }

const follow = (name: keyof typeof streams, stream: Stream) => {
  const table = stored[stream.table]
  const relays = functionOf(`${name}Stream`, stream, {
    description: `Follows the stream of ${stream.table}`,
    timeoutSeconds: STREAM_TIMEOUT_SECONDS,
    permissions: [...reads(table), { actions: ['sqs:SendMessage'], resources: [givenUp[name].arn] }],
  })
  table.subscribe(name, relays.arn, {
    filters: [EVENT_WRITTEN],
    transform: {
      eventSourceMapping: {
        startingPosition: 'TRIM_HORIZON',
        batchSize: STREAM_BATCH,
        bisectBatchOnFunctionError: true,
        maximumRetryAttempts: stream.maxRetries,
        maximumRecordAgeInSeconds: stream.maxRecordAgeSeconds,
        functionResponseTypes: ['ReportBatchItemFailures'],
        destinationConfig: { onFailure: { destinationArn: givenUp[name].arn } },
      },
    },
  })
  return relays
}

/** By stream: the function that follows it. */
export const followers = each<keyof typeof streams, Stream, sst.aws.Function>(streams, (stream, name) =>
  follow(name, stream),
)

const OWN_SOURCE = 'countersign' satisfies Subscription['source']

/** Whoever may put events on the bus, the API Hub for one, may still not speak for the platform: the ledger does. */
new aws.cloudwatch.EventBusPolicy('BusPolicy', {
  eventBusName: bus.name,
  policy: $jsonStringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyTheLedgerSpeaksForThePlatform',
        Effect: 'Deny',
        Principal: '*',
        Action: 'events:PutEvents',
        Resource: bus.arn,
        Condition: {
          'ForAnyValue:StringEquals': { 'events:source': [OWN_SOURCE] },
          ArnNotEquals: {
            'aws:PrincipalArn': Object.values(followers).map(({ nodes }) => nodes.role.arn),
          },
          // A replay from the archive is AWS's own doing.
          Bool: { 'aws:PrincipalIsAWSService': 'false' },
        },
      },
    ],
  }),
})
