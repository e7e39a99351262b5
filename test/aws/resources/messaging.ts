import { element } from '../wire.ts'
import { type Creator, creator, given } from './creator.ts'

interface Queue {
  readonly name: string
  readonly fifoQueue?: boolean
  readonly contentBasedDeduplication?: boolean
  readonly visibilityTimeoutSeconds: number
  readonly delaySeconds: number
  readonly messageRetentionSeconds: number
  readonly redrivePolicy?: string
  readonly sqsManagedSseEnabled?: boolean
}

const queue = creator<Queue>(async (wire, asked) => {
  if (asked.fifoQueue || asked.contentBasedDeduplication) throw new Error('FIFO queues are not covered')
  const { QueueUrl } = await wire.target('sqs', 'CreateQueue', {
    QueueName: asked.name,
    Attributes: given({
      VisibilityTimeout: String(asked.visibilityTimeoutSeconds),
      DelaySeconds: String(asked.delaySeconds),
      MessageRetentionPeriod: String(asked.messageRetentionSeconds),
      RedrivePolicy: asked.redrivePolicy,
      SqsManagedSseEnabled: asked.sqsManagedSseEnabled && 'true',
    }),
  })
  const url = String(QueueUrl)
  return { id: url, url, arn: `arn:aws:sqs:${wire.region}:${wire.account}:${asked.name}` }
})

const queuePolicy = creator<{ queueUrl: string; policy: string }>(async (wire, { queueUrl, policy }) => {
  // SST composes `https://sqs.REGION.amazonaws.com/…` by hand.
  const { QueueUrl } = await wire.target('sqs', 'GetQueueUrl', { QueueName: queueUrl.split('/').at(-1) })
  await wire.target('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy: policy } })
  return { id: String(QueueUrl) }
})

const bus = creator<{ name: string }>(async (wire, { name }) => {
  const { EventBusArn } = await wire.target('events', 'CreateEventBus', { Name: name })
  return { id: name, name, arn: EventBusArn }
})

const busPolicy = creator<{ eventBusName: string; policy: string }>(async (wire, asked) => {
  await wire.target('events', 'PutPermission', { EventBusName: asked.eventBusName, Policy: asked.policy })
  return { id: asked.eventBusName }
})

const archive = creator<{ name: string; eventSourceArn: string; retentionDays: number }>(
  async (wire, asked) => {
    const { ArchiveArn } = await wire.target('events', 'CreateArchive', {
      ArchiveName: asked.name,
      EventSourceArn: asked.eventSourceArn,
      RetentionDays: asked.retentionDays,
    })
    return { id: asked.name, arn: ArchiveArn }
  },
)

const rule = creator<{ name: string; eventBusName: string; eventPattern: string }>(async (wire, asked) => {
  const { RuleArn } = await wire.target('events', 'PutRule', {
    Name: asked.name,
    EventBusName: asked.eventBusName,
    EventPattern: asked.eventPattern,
  })
  return { id: `${asked.eventBusName}/${asked.name}`, arn: RuleArn }
})

interface Target {
  readonly rule: string
  readonly eventBusName: string
  readonly targetId: string
  readonly arn: string
  readonly deadLetterConfig: { readonly arn: string }
  readonly retryPolicy: { readonly maximumEventAgeInSeconds: number; readonly maximumRetryAttempts: number }
}

const target = creator<Target>(async (wire, asked) => {
  const put = await wire.target('events', 'PutTargets', {
    Rule: asked.rule,
    EventBusName: asked.eventBusName,
    Targets: [
      {
        Id: asked.targetId,
        Arn: asked.arn,
        DeadLetterConfig: { Arn: asked.deadLetterConfig.arn },
        RetryPolicy: {
          MaximumEventAgeInSeconds: asked.retryPolicy.maximumEventAgeInSeconds,
          MaximumRetryAttempts: asked.retryPolicy.maximumRetryAttempts,
        },
      },
    ],
  })
  if (put.FailedEntryCount) throw new Error(JSON.stringify(put.FailedEntries))
  return { id: `${asked.rule}-${asked.targetId}` }
})

interface Schedule {
  readonly name: string
  readonly scheduleExpression: string
  readonly state: string
  readonly flexibleTimeWindow: { readonly mode: string }
  readonly target: {
    readonly arn: string
    readonly roleArn: string
    readonly input: string
    readonly deadLetterConfig: { readonly arn: string }
    readonly retryPolicy: { readonly maximumEventAgeInSeconds: number; readonly maximumRetryAttempts: number }
  }
}

const schedule = creator<Schedule>(async (wire, asked) => {
  const { arn, roleArn, input, deadLetterConfig, retryPolicy } = asked.target
  const { ScheduleArn } = await wire.rest('scheduler', `POST /schedules/${asked.name}`, {
    ScheduleExpression: asked.scheduleExpression,
    State: asked.state,
    FlexibleTimeWindow: { Mode: asked.flexibleTimeWindow.mode },
    Target: {
      Arn: arn,
      RoleArn: roleArn,
      Input: input,
      DeadLetterConfig: { Arn: deadLetterConfig.arn },
      RetryPolicy: {
        MaximumEventAgeInSeconds: retryPolicy.maximumEventAgeInSeconds,
        MaximumRetryAttempts: retryPolicy.maximumRetryAttempts,
      },
    },
  })
  return { id: `default/${asked.name}`, arn: ScheduleArn }
})

const topic = creator<{ name: string; fifoTopic: boolean }>(async (wire, { name, fifoTopic }) => {
  if (fifoTopic) throw new Error('FIFO topics are not covered')
  const arn = element(await wire.query('sns', 'CreateTopic', { Name: name }), 'TopicArn')
  return { id: arn, arn }
})

export const messaging: Readonly<Record<string, Creator>> = {
  'aws:sqs/queue:Queue': queue,
  'aws:sqs/queuePolicy:QueuePolicy': queuePolicy,
  'aws:cloudwatch/eventBus:EventBus': bus,
  'aws:cloudwatch/eventBusPolicy:EventBusPolicy': busPolicy,
  'aws:cloudwatch/eventArchive:EventArchive': archive,
  'aws:cloudwatch/eventRule:EventRule': rule,
  'aws:cloudwatch/eventTarget:EventTarget': target,
  'aws:scheduler/schedule:Schedule': schedule,
  'aws:sns/topic:Topic': topic,
}
