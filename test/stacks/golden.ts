import type { Evaluation, Inputs, Resource } from './evaluation.ts'
import { at, moduleOf, pathOf, routeOf, sorted } from './graph.ts'
import { grantsOf } from './policies.ts'

type Lines = (resource: Resource, graph: Evaluation) => readonly unknown[]

/** `name value` for each member that is there. */
const members =
  (...paths: readonly string[]) =>
  ({ inputs }: Resource): readonly string[] =>
    paths.flatMap((path) => {
      const value = at(inputs, path)
      return value === undefined
        ? []
        : [`${path} ${typeof value === 'string' ? value : JSON.stringify(value)}`]
    })

const environmentOf = (inputs: Inputs): string =>
  sorted(Object.keys((at(inputs, 'environment.variables') ?? {}) as object)).join(' ')

const describeFunction: Lines = (resource, graph) => {
  const { inputs, name } = resource
  return [
    moduleOf(graph, name),
    `${String(inputs.architectures)} ${String(inputs.runtime)} ${String(inputs.memorySize)} MB ${String(inputs.timeout)} s`,
    `environment ${environmentOf(inputs) || 'none'}`,
    ...grantsOf(graph, name.replace(/Function$/, '')),
  ]
}

/** What a reviewer wants to see of each kind; a kind that is not here is listed by name. */
const SHOWN: Readonly<Record<string, Lines>> = {
  'aws:apigateway/authorizer:Authorizer': members('type', 'identitySource', 'authorizerResultTtlInSeconds'),
  'aws:apigateway/method:Method': ({ inputs }, graph) => [
    `${routeOf(graph, inputs)} ${String(inputs.authorization)}`,
  ],
  'aws:apigateway/resource:Resource': ({ name }, graph) => [pathOf(graph, `${name}-id`)],
  'aws:apigateway/response:Response': members('statusCode', 'responseParameters', 'responseTemplates'),
  'aws:apigateway/restApi:RestApi': members('endpointConfiguration'),
  'aws:cloudwatch/eventArchive:EventArchive': members('retentionDays'),
  'aws:cloudwatch/eventBusPolicy:EventBusPolicy': members('policy'),
  'aws:cloudwatch/eventRule:EventRule': members('eventPattern', 'state'),
  'aws:cloudwatch/eventTarget:EventTarget': members('arn', 'deadLetterConfig', 'retryPolicy'),
  'aws:cloudwatch/logGroup:LogGroup': members('retentionInDays'),
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': members('pattern', 'metricTransformation'),
  'aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter': members(
    'logGroup',
    'filterPattern',
    'destinationArn',
  ),
  'aws:cloudwatch/metricAlarm:MetricAlarm': members(
    'metricName',
    'statistic',
    'extendedStatistic',
    'threshold',
    'period',
  ),
  'aws:dynamodb/table:Table': members(
    'hashKey',
    'rangeKey',
    'globalSecondaryIndexes',
    'streamViewType',
    'ttl',
    'pointInTimeRecovery',
    'serverSideEncryption',
    'deletionProtectionEnabled',
  ),
  'aws:lambda/eventSourceMapping:EventSourceMapping': members(
    'eventSourceArn',
    'functionName',
    'batchSize',
    'functionResponseTypes',
    'startingPosition',
    'bisectBatchOnFunctionError',
    'maximumRetryAttempts',
    'maximumRecordAgeInSeconds',
    'destinationConfig',
    'filterCriteria',
  ),
  'aws:lambda/function:Function': describeFunction,
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': members(
    'maximumRetryAttempts',
    'destinationConfig',
  ),
  'aws:lambda/permission:Permission': members('principal', 'sourceArn'),
  'aws:scheduler/schedule:Schedule': members(
    'scheduleExpression',
    'target.retryPolicy',
    'target.deadLetterConfig',
  ),
  'aws:secretsmanager/secret:Secret': members('recoveryWindowInDays'),
  'aws:secretsmanager/secretRotation:SecretRotation': members(
    'rotationLambdaArn',
    'rotationRules',
    'rotateImmediately',
  ),
  'aws:sqs/queue:Queue': members(
    'visibilityTimeoutSeconds',
    'messageRetentionSeconds',
    'sqsManagedSseEnabled',
    'redrivePolicy',
  ),
  'aws:sqs/queuePolicy:QueuePolicy': members('policy'),
}

/** Account, region and the random part of physical names say nothing to a reviewer. */
const plain = (line: unknown) =>
  String(line)
    .replaceAll('arn:aws:', '')
    .replaceAll('eu-west-2:123456789012:', '')
    .replace(/\b(countersign-test-\w+)-[a-z]{8}\b/g, '$1')

const kept = ({ retained, protectedFromRemoval }: Resource) =>
  `${retained ? ' (retained)' : ''}${protectedFromRemoval ? ' (protected)' : ''}`

const describeResource = (resource: Resource, graph: Evaluation) => [
  `  ${resource.name}${kept(resource)}`,
  ...(SHOWN[resource.type]?.(resource, graph) ?? []).map((line) => `      ${plain(line)}`),
]

/** The whole graph as a text that can be reviewed line by line. */
export const summaryOf = (graph: Evaluation): string => {
  const types = sorted(new Set(graph.resources.map(({ type }) => type)))
  const sections = types.map((type) => {
    const resources = graph.resources
      .filter((resource) => resource.type === type)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return [
      `${type} (${resources.length})`,
      ...resources.flatMap((one) => describeResource(one, graph)),
    ].join('\n')
  })
  return `${sections.join('\n\n')}\n`
}
