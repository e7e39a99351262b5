import { gateway } from './api.ts'
import { authorizes, authorizesSimply } from './authorizer.ts'
import { givenUp, inboxes } from './bus.ts'
import { followers } from './events.ts'
import { rotators } from './keys.ts'
import { logFollowers } from './logs.ts'
import { jobs } from './schedules.ts'
import { named } from './stage.ts'

type Text = $util.Input<string>

const MINUTE_SECONDS = 60
const RELAY_LAG_MILLISECONDS = 60_000
const AUTHORIZER_P99_MILLISECONDS = 500

/** Whoever is on call subscribes to it. */
const topic = new sst.aws.SnsTopic('Alarms')

interface Watch {
  readonly description: string
  readonly namespace: string
  readonly metric: string
  readonly dimensions: Readonly<Record<string, Text>>
  /** Raised when the figure is above it. */
  readonly above: number
  readonly statistic: 'Maximum' | 'Sum' | 'p99'
  readonly minutes?: number
}

const alarm = (name: string, { description, statistic, minutes = 1, ...watch }: Watch) =>
  new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
    name: named(name),
    alarmDescription: description,
    namespace: watch.namespace,
    metricName: watch.metric,
    dimensions: watch.dimensions,
    ...(statistic === 'p99' ? { extendedStatistic: statistic } : { statistic }),
    period: minutes * MINUTE_SECONDS,
    evaluationPeriods: 1,
    comparisonOperator: 'GreaterThanThreshold',
    threshold: watch.above,
    treatMissingData: 'notBreaching',
    alarmActions: [topic.arn],
  })

const dead = (name: string, queue: sst.aws.Queue) =>
  alarm(`${name}DeadLetters`, {
    description: `Something was given up and waits in the dead letters of ${name}`,
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: queue.nodes.queue.name },
    above: 0,
    statistic: 'Maximum',
  })

const failing = (name: string, { name: FunctionName }: sst.aws.Function) =>
  alarm(`${name}Errors`, {
    description: `${name} failed`,
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimensions: { FunctionName },
    above: 0,
    statistic: 'Sum',
  })

const lagging = (name: string, { name: FunctionName }: sst.aws.Function) =>
  alarm(`${name}IteratorAge`, {
    description: `${name} is more than a minute behind its stream: what gives access arrives late`,
    namespace: 'AWS/Lambda',
    metric: 'IteratorAge',
    dimensions: { FunctionName },
    above: RELAY_LAG_MILLISECONDS,
    statistic: 'Maximum',
  })

for (const [name, { deadLetters }] of Object.entries(inboxes)) dead(name, deadLetters)
for (const [name, queue] of Object.entries(givenUp)) dead(name, queue)

for (const [name, follower] of Object.entries(followers)) lagging(name, follower)
const deciders = { Authorizer: authorizes, SimpleAuthorizer: authorizesSimply }
for (const [name, watched] of Object.entries({
  ...followers,
  ...rotators,
  ...jobs,
  ...logFollowers,
  ...deciders,
}))
  failing(name, watched)

/** Of the decision log: how many by outcome and reason, and how many there were none of because a store failed. */
const NAMESPACE = 'Countersign'
const counting = (name: string, { nodes }: sst.aws.Function) => {
  const logGroupName = nodes.function.loggingConfig.logGroup
  const count = (what: string, pattern: string, dimensions?: Readonly<Record<string, string>>) => {
    const metric = { name: `${$app.stage}-${name}${what}`, namespace: NAMESPACE, value: '1' }
    return new aws.cloudwatch.LogMetricFilter(`${name}${what}`, {
      logGroupName,
      pattern,
      metricTransformation: { ...metric, ...(dimensions && { dimensions }) },
    })
  }
  count('Refusals', '{ $.message = "decision" && $.outcome = "deny" }', { reason: '$.reason' })
  count('Failures', '{ $.message = "decision" && $.outcome = "error" }')
  count('FailureReasons', '{ $.message = "decision" && $.outcome = "error" }', { reason: '$.reason' })
  alarm(`${name}Failures`, {
    description: `${name} could not decide: callers see 500 while its key ring or its read model cannot be read`,
    namespace: NAMESPACE,
    metric: `${$app.stage}-${name}Failures`,
    dimensions: {},
    above: 0,
    statistic: 'Sum',
  })
}

for (const [name, decider] of Object.entries(deciders)) counting(name, decider)

alarm('AuthorizerDuration', {
  description: 'Decisions are slow: the read model or the key ring answers late',
  namespace: 'AWS/Lambda',
  metric: 'Duration',
  dimensions: { FunctionName: authorizes.name },
  above: AUTHORIZER_P99_MILLISECONDS,
  statistic: 'p99',
  minutes: 5,
})

alarm('ApiFailures', {
  description: "The platform's own API answers 5xx",
  namespace: 'AWS/ApiGateway',
  metric: '5XXError',
  dimensions: { ApiName: gateway.name, Stage: $app.stage },
  above: 0,
  statistic: 'Sum',
  minutes: 5,
})
