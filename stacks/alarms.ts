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
for (const [name, watched] of Object.entries({ ...followers, ...rotators, ...jobs, ...logFollowers }))
  failing(name, watched)

/**
 * Lambda's own `Errors` counts a thrown `Unauthorized`, and so every 401. What no decision came of is counted from the log
 * instead: where the function says so itself, and where Lambda says that it was ended or died before it could.
 */
const deciders = { Authorizer: authorizes, SimpleAuthorizer: authorizesSimply }
const NAMESPACE = 'Countersign'
const UNDECIDED = '{ $.message = "decision" && $.outcome = "error" }'
const ENDED = '{ $.type = "platform.report" && ($.record.status = "timeout" || $.record.status = "failure") }'
interface Metric {
  readonly name: string
  readonly namespace: string
  readonly value: string
  readonly dimensions?: Readonly<Record<string, string>>
}

const counting = (name: string, { nodes }: sst.aws.Function) => {
  const logGroupName = nodes.function.loggingConfig.logGroup
  const metric = (what: string) => ({
    name: `${$app.stage}-${name}${what}`,
    namespace: NAMESPACE,
    value: '1',
  })
  const count = (filter: string, pattern: string, metricTransformation: Metric) =>
    new aws.cloudwatch.LogMetricFilter(`${name}${filter}`, { logGroupName, pattern, metricTransformation })
  const byReason = { dimensions: { reason: '$.reason' } }
  count('Refusals', '{ $.message = "decision" && $.outcome = "deny" }', {
    ...metric('Refusals'),
    ...byReason,
  })
  count('Failures', UNDECIDED, metric('Failures'))
  count('Deaths', ENDED, metric('Failures'))
  count('FailureReasons', UNDECIDED, { ...metric('FailureReasons'), ...byReason })
  alarm(`${name}Failures`, {
    description: `${name} could not decide: callers see 500 while its key ring or its read model cannot be read, or it dies`,
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
