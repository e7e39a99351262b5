import type { Inputs } from './evaluation.ts'

/** What AWS would answer: ids and ARNs in AWS's own forms, made from logical names so that they never change. */
export const REGION = 'eu-west-2'
export const ACCOUNT = '123456789012'

const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`

const text = (value: unknown) => String(value)

const OUTPUTS: Readonly<Record<string, (name: string, inputs: Inputs) => Inputs>> = {
  'aws:dynamodb/table:Table': (name, { streamEnabled }) => ({
    arn: arn('dynamodb', `table/${name}`),
    streamArn: streamEnabled ? arn('dynamodb', `table/${name}/stream/2026-01-01T00:00:00.000`) : '',
  }),
  'aws:sqs/queue:Queue': (name) => ({
    arn: arn('sqs', name),
    url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`,
  }),
  'aws:sns/topic:Topic': (name) => ({ arn: arn('sns', name) }),
  'aws:cloudwatch/eventBus:EventBus': (name) => ({ arn: arn('events', `event-bus/${name}`) }),
  'aws:cloudwatch/eventRule:EventRule': (name) => ({ arn: arn('events', `rule/BusBus/${name}`) }),
  'aws:cloudwatch/logGroup:LogGroup': (_, inputs) => ({
    arn: arn('logs', `log-group:${text(inputs.name)}`),
  }),
  'aws:secretsmanager/secret:Secret': (name) => ({ arn: arn('secretsmanager', `secret:${name}-AbCdEf`) }),
  'aws:lambda/function:Function': (name, { publish }) => ({
    arn: arn('lambda', `function:${name}`),
    publish: publish ?? false,
    invokeArn: `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${arn('lambda', `function:${name}`)}/invocations`,
  }),
  'aws:iam/role:Role': (name) => ({ arn: `arn:aws:iam::${ACCOUNT}:role/${name}` }),
  'aws:apigateway/restApi:RestApi': (name) => ({
    executionArn: arn('execute-api', name),
    rootResourceId: 'root',
  }),
  'random:index/randomBytes:RandomBytes': () => ({ base64: 'cHJldGVuZGVk' }),
}

export const created = (type: string, name: string, inputs: Inputs): { id: string; state: Inputs } => ({
  id:
    type === 'aws:cloudwatch/eventBus:EventBus' || type === 'aws:lambda/function:Function'
      ? name
      : `${name}-id`,
  state: { name, ...inputs, ...OUTPUTS[type]?.(name, inputs) },
})

export interface Condition {
  readonly test: string
  readonly variable: string
  readonly values: readonly string[]
}

interface PolicyStatement {
  readonly effect?: string
  readonly actions?: readonly string[]
  readonly resources?: readonly string[]
  readonly conditions?: readonly Condition[]
  readonly principals?: readonly { readonly type: string; readonly identifiers: readonly string[] }[]
}

/** As the provider writes a policy's conditions out. */
export const conditionOf = (conditions: readonly Condition[]) =>
  Object.fromEntries(conditions.map(({ test, variable, values }) => [test, { [variable]: values }] as const))

const policyDocument = (statements: readonly PolicyStatement[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(({ effect = 'Allow', actions, resources, principals, conditions = [] }) => ({
      Effect: effect,
      Action: actions,
      Resource: resources,
      ...(conditions.length > 0 && { Condition: conditionOf(conditions) }),
      ...(principals && {
        Principal: Object.fromEntries(principals.map(({ type, identifiers }) => [type, identifiers])),
      }),
    })),
  })

const ANSWERS: Readonly<Record<string, (inputs: Inputs) => Inputs>> = {
  'aws:index/getRegion:getRegion': () => ({ id: REGION, name: REGION, region: REGION }),
  'aws:index/getPartition:getPartition': () => ({ id: 'aws', partition: 'aws', dnsSuffix: 'amazonaws.com' }),
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({ id: ACCOUNT, accountId: ACCOUNT }),
  'aws:iam/getPolicyDocument:getPolicyDocument': (inputs) => ({
    ...inputs,
    json: policyDocument(inputs.statements as readonly PolicyStatement[]),
  }),
}

export const answered = (token: string, inputs: Inputs): Inputs => {
  const answer = ANSWERS[token]
  if (!answer) throw new Error(`the program asks AWS for ${token}, and nothing here pretends to know`)
  return answer(inputs)
}
