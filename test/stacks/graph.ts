import type { Evaluation, Inputs, Resource } from './evaluation.ts'

/** Resources of a kind, by the short name that AWS's own documents use. */
export const KINDS = {
  alarm: 'aws:cloudwatch/metricAlarm:MetricAlarm',
  archive: 'aws:cloudwatch/eventArchive:EventArchive',
  authorizer: 'aws:apigateway/authorizer:Authorizer',
  bus: 'aws:cloudwatch/eventBus:EventBus',
  busPolicy: 'aws:cloudwatch/eventBusPolicy:EventBusPolicy',
  deployment: 'aws:apigateway/deployment:Deployment',
  function: 'aws:lambda/function:Function',
  gatewayResponse: 'aws:apigateway/response:Response',
  integration: 'aws:apigateway/integration:Integration',
  invokeConfig: 'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig',
  logGroup: 'aws:cloudwatch/logGroup:LogGroup',
  logFilter: 'aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter',
  mapping: 'aws:lambda/eventSourceMapping:EventSourceMapping',
  method: 'aws:apigateway/method:Method',
  metricFilter: 'aws:cloudwatch/logMetricFilter:LogMetricFilter',
  path: 'aws:apigateway/resource:Resource',
  permission: 'aws:lambda/permission:Permission',
  queue: 'aws:sqs/queue:Queue',
  queuePolicy: 'aws:sqs/queuePolicy:QueuePolicy',
  restApi: 'aws:apigateway/restApi:RestApi',
  role: 'aws:iam/role:Role',
  rotation: 'aws:secretsmanager/secretRotation:SecretRotation',
  rule: 'aws:cloudwatch/eventRule:EventRule',
  schedule: 'aws:scheduler/schedule:Schedule',
  secret: 'aws:secretsmanager/secret:Secret',
  table: 'aws:dynamodb/table:Table',
  target: 'aws:cloudwatch/eventTarget:EventTarget',
} as const

export type Kind = keyof typeof KINDS

export const all = ({ resources }: Evaluation, kind: Kind): readonly Resource[] =>
  resources.filter(({ type }) => type === KINDS[kind])

/** By code unit, as a reader of two lists expects. */
export const sorted = (texts: Iterable<string | undefined>): readonly string[] =>
  [...texts].map(String).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

export const namesOf = (evaluation: Evaluation, kind: Kind): readonly string[] =>
  sorted(all(evaluation, kind).map(({ name }) => name))

/** The inputs of the one resource of this kind and name; it is a defect of the test when there is none. */
export const the = (evaluation: Evaluation, kind: Kind, name: string): Inputs => {
  const [found, another] = all(evaluation, kind).filter((resource) => resource.name === name)
  if (!found || another) throw new Error(`not exactly one ${kind} ${name} among ${namesOf(evaluation, kind)}`)
  return found.inputs
}

/** Follows members, `environment.variables.ISSUER`; undefined where one is missing. */
export const at = (inputs: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, member) => (value as Inputs | undefined)?.[member], inputs)

export const textAt = (inputs: unknown, path: string): string => {
  const value = at(inputs, path)
  if (typeof value !== 'string') throw new Error(`${path} is not text but ${JSON.stringify(value)}`)
  return value
}

export const jsonAt = (inputs: unknown, path: string): unknown => JSON.parse(textAt(inputs, path))

export const queueArn = (name: string) => `arn:aws:sqs:eu-west-2:123456789012:${name}Queue`
export const functionArn = (name: string) => `arn:aws:lambda:eu-west-2:123456789012:function:${name}Function`

/** Path of an API Gateway resource, from the root down. */
export const pathOf = (evaluation: Evaluation, resourceId: unknown): string => {
  if (resourceId === 'root') return ''
  const { parentId, pathPart } = the(evaluation, 'path', String(resourceId).replace(/-id$/, ''))
  return `${pathOf(evaluation, parentId)}/${String(pathPart)}`
}

/** `GET /tokens/{id}` of an API Gateway method or integration. */
export const routeOf = (evaluation: Evaluation, inputs: Inputs): string =>
  `${String(inputs.httpMethod)} ${pathOf(evaluation, inputs.resourceId)}`

/** The handler's module that SST is asked to bundle for a function, by the function's name. */
export const moduleOf = ({ builds }: Evaluation, functionName: string): string | undefined =>
  builds.find(({ functionID }) => `${functionID}Function` === functionName)?.handler.replace(/\.handler$/, '')
