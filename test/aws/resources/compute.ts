import { setTimeout } from 'node:timers/promises'
import { element, type Wire } from '../wire.ts'
import { type Creator, creator, given, invocationUri, randomText } from './creator.ts'

interface Lambda {
  readonly name: string
  readonly description: string
  readonly role: string
  readonly runtime: string
  readonly handler: string
  readonly packageType: string
  readonly s3Bucket: string
  readonly s3Key: string
  readonly timeout: number
  readonly memorySize: number
  readonly architectures: readonly string[]
  readonly ephemeralStorage: { readonly size: number }
  readonly environment: { readonly variables: Readonly<Record<string, string>> }
  readonly loggingConfig: { readonly logFormat: string; readonly logGroup: string }
  readonly publish: boolean
}

const lambda = creator<Lambda>(async (wire, asked) => {
  const made = await wire.rest('lambda', 'POST /2015-03-31/functions', {
    FunctionName: asked.name,
    Description: asked.description,
    Role: asked.role,
    Runtime: asked.runtime,
    Handler: asked.handler,
    PackageType: asked.packageType,
    Code: { S3Bucket: asked.s3Bucket, S3Key: asked.s3Key },
    Timeout: asked.timeout,
    MemorySize: asked.memorySize,
    Architectures: [...asked.architectures],
    EphemeralStorage: { Size: asked.ephemeralStorage.size },
    Environment: { Variables: { ...asked.environment.variables } },
    LoggingConfig: { LogFormat: asked.loggingConfig.logFormat, LogGroup: asked.loggingConfig.logGroup },
    Publish: asked.publish,
  })
  await active(wire, asked.name)
  const arn = String(made.FunctionArn)
  return { id: asked.name, arn, version: made.Version, invokeArn: invocationUri(wire, arn) }
})

const active = async (wire: Wire, name: string): Promise<void> => {
  for (;;) {
    const { State, StateReason } = await wire.rest(
      'lambda',
      `GET /2015-03-31/functions/${name}/configuration`,
    )
    if (State === 'Active') return
    if (State === 'Failed') throw new Error(String(StateReason))
    await setTimeout(20)
  }
}

interface Mapping {
  readonly eventSourceArn: string
  readonly functionName: string
  readonly batchSize: number
  readonly maximumBatchingWindowInSeconds?: number
  readonly functionResponseTypes: readonly string[]
  readonly scalingConfig?: { readonly maximumConcurrency: number }
  readonly startingPosition?: string
  readonly bisectBatchOnFunctionError?: boolean
  readonly maximumRetryAttempts?: number
  readonly maximumRecordAgeInSeconds?: number
  readonly filterCriteria?: { readonly filters: readonly { readonly pattern: string }[] }
  readonly destinationConfig?: { readonly onFailure: { readonly destinationArn: string } }
}

const mapping = creator<Mapping>(async (wire, asked) => {
  const { filterCriteria, destinationConfig, scalingConfig } = asked
  const made = await wire.rest(
    'lambda',
    'POST /2015-03-31/event-source-mappings',
    given({
      EventSourceArn: asked.eventSourceArn,
      FunctionName: asked.functionName,
      BatchSize: asked.batchSize,
      MaximumBatchingWindowInSeconds: asked.maximumBatchingWindowInSeconds,
      FunctionResponseTypes: [...asked.functionResponseTypes],
      ScalingConfig: scalingConfig && { MaximumConcurrency: scalingConfig.maximumConcurrency },
      StartingPosition: asked.startingPosition,
      BisectBatchOnFunctionError: asked.bisectBatchOnFunctionError,
      MaximumRetryAttempts: asked.maximumRetryAttempts,
      MaximumRecordAgeInSeconds: asked.maximumRecordAgeInSeconds,
      FilterCriteria: filterCriteria && {
        Filters: filterCriteria.filters.map(({ pattern }) => ({ Pattern: pattern })),
      },
      DestinationConfig: destinationConfig && {
        OnFailure: { Destination: destinationConfig.onFailure.destinationArn },
      },
    }),
  )
  return { id: String(made.UUID), uuid: made.UUID }
})

interface Permission {
  readonly sourceAccount?: string
  readonly function: string
  readonly action: string
  readonly principal: string
  readonly sourceArn: string
}

const permission = creator<Permission>(async (wire, asked) => {
  const StatementId = `statement-${randomText(12)}`
  const name = asked.function.split(':function:').at(-1)
  await wire.rest('lambda', `POST /2015-03-31/functions/${name}/policy`, {
    StatementId,
    Action: asked.action,
    Principal: asked.principal,
    SourceArn: asked.sourceArn,
    ...(asked.sourceAccount !== undefined && { SourceAccount: asked.sourceAccount }),
  })
  return { id: StatementId }
})

interface InvokeConfig {
  readonly functionName: string
  readonly maximumRetryAttempts: number
  readonly destinationConfig: { readonly onFailure: { readonly destination: string } }
}

const invokeConfig = creator<InvokeConfig>(async (wire, asked) => {
  await wire.rest('lambda', `PUT /2019-09-25/functions/${asked.functionName}/event-invoke-config`, {
    MaximumRetryAttempts: asked.maximumRetryAttempts,
    DestinationConfig: { OnFailure: { Destination: asked.destinationConfig.onFailure.destination } },
  })
  return { id: asked.functionName }
})

interface Role {
  readonly name?: string
  readonly assumeRolePolicy: unknown
  readonly inlinePolicies?: readonly { readonly name: string; readonly policy: unknown }[]
  readonly managedPolicyArns?: readonly string[]
}

/** Policies come as text or as objects. */
const documentOf = (policy: unknown): string => (typeof policy === 'string' ? policy : JSON.stringify(policy))

const role = creator<Role>(async (wire, asked) => {
  const RoleName = asked.name ?? `role-${randomText(12)}`
  const AssumeRolePolicyDocument = documentOf(asked.assumeRolePolicy)
  const made = await wire.query('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument })
  for (const { name, policy } of asked.inlinePolicies ?? [])
    await wire.query('iam', 'PutRolePolicy', {
      RoleName,
      PolicyName: name,
      PolicyDocument: documentOf(policy),
    })
  for (const PolicyArn of asked.managedPolicyArns ?? [])
    await wire.query('iam', 'AttachRolePolicy', { RoleName, PolicyArn })
  return { id: RoleName, name: RoleName, arn: element(made, 'Arn') }
})

const logGroup = creator<{ name: string; retentionInDays: number }>(async (wire, asked) => {
  const logGroupName = asked.name
  await wire.target('logs', 'CreateLogGroup', { logGroupName })
  await wire.target('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays: asked.retentionInDays })
  return { id: logGroupName, arn: `arn:aws:logs:${wire.region}:${wire.account}:log-group:${logGroupName}` }
})

interface Alarm {
  readonly name: string
  readonly alarmDescription: string
  readonly namespace: string
  readonly metricName: string
  readonly dimensions: Readonly<Record<string, string>>
  readonly statistic?: string
  readonly extendedStatistic?: string
  readonly period: number
  readonly evaluationPeriods: number
  readonly comparisonOperator: string
  readonly threshold: number
  readonly treatMissingData: string
  readonly alarmActions: readonly string[]
}

const listed = (name: string, members: readonly string[]) =>
  Object.fromEntries(members.map((member, at) => [`${name}.member.${at + 1}`, member]))

const alarm = creator<Alarm>(async (wire, asked) => {
  const dimensions = Object.entries(asked.dimensions).flatMap(([name, value], at) => [
    [`Dimensions.member.${at + 1}.Name`, name],
    [`Dimensions.member.${at + 1}.Value`, value],
  ])
  await wire.query('monitoring', 'PutMetricAlarm', {
    AlarmName: asked.name,
    AlarmDescription: asked.alarmDescription,
    Namespace: asked.namespace,
    MetricName: asked.metricName,
    Period: String(asked.period),
    EvaluationPeriods: String(asked.evaluationPeriods),
    ComparisonOperator: asked.comparisonOperator,
    Threshold: String(asked.threshold),
    TreatMissingData: asked.treatMissingData,
    ...(asked.statistic && { Statistic: asked.statistic }),
    ...(asked.extendedStatistic && { ExtendedStatistic: asked.extendedStatistic }),
    ...listed('AlarmActions', asked.alarmActions),
    ...Object.fromEntries(dimensions),
  })
  return { id: asked.name }
})

interface MetricFilter {
  readonly name?: string
  readonly logGroupName: string
  readonly pattern: string
  readonly metricTransformation: {
    readonly name: string
    readonly namespace: string
    readonly value: string
    readonly dimensions?: Readonly<Record<string, string>>
  }
}

const metricFilter = creator<MetricFilter>(async (wire, inputs) => {
  const { name, namespace, value, dimensions } = inputs.metricTransformation
  const filterName = inputs.name ?? name
  await wire.target('logs', 'PutMetricFilter', {
    filterName,
    logGroupName: inputs.logGroupName,
    filterPattern: inputs.pattern,
    metricTransformations: [
      given({
        metricName: name,
        metricNamespace: namespace,
        metricValue: value,
        dimensions: dimensions && { ...dimensions },
      }),
    ],
  })
  return { id: filterName }
})

interface SubscriptionFilter {
  readonly logGroup: string
  readonly filterPattern: string
  readonly destinationArn: string
}

const subscriptionFilter = creator<SubscriptionFilter>(async (wire, inputs) => {
  const filterName = `filter-${randomText(12)}`
  const { logGroup: logGroupName, filterPattern, destinationArn } = inputs
  await wire.target('logs', 'PutSubscriptionFilter', {
    ...{ filterName, logGroupName, filterPattern, destinationArn },
  })
  return { id: filterName }
})

export const compute: Readonly<Record<string, Creator>> = {
  'aws:lambda/function:Function': lambda,
  'aws:lambda/eventSourceMapping:EventSourceMapping': mapping,
  'aws:lambda/permission:Permission': permission,
  'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig': invokeConfig,
  'aws:iam/role:Role': role,
  'aws:cloudwatch/logGroup:LogGroup': logGroup,
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': metricFilter,
  'aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter': subscriptionFilter,
  'aws:cloudwatch/metricAlarm:MetricAlarm': alarm,
}
