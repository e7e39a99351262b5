import type { Runs } from '@countersign/topology'
import { grantsOf, type Statement } from './links.ts'

const DEFAULT_MEMORY_MEGABYTES = 512

export interface FunctionShape {
  readonly description: string
  readonly timeoutSeconds: number
  /** What the trigger asks of the function's role, beside what its links open. */
  readonly permissions?: readonly Statement[]
  /** For functions that are invoked asynchronously: where an event ends after its retries. */
  readonly onFailure?: { readonly retries: 0 | 1 | 2; readonly queue: sst.aws.Queue }
}

const RETENTION_DAYS = 90

/** Its own, so that the role can name it; the managed policy that SST attaches opens every log group. */
const logGroupOf = (name: string) =>
  new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/${$app.name}/${$app.stage}/${name}`,
    retentionInDays: RETENTION_DAYS,
  })

const writesTo = (logs: aws.cloudwatch.LogGroup): Statement => ({
  actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  resources: [$interpolate`${logs.arn}:*`],
})

const sendsTo = (queue: sst.aws.Queue): Statement => ({
  actions: ['sqs:SendMessage'],
  resources: [queue.arn],
})

/** The one way a function of the topology becomes a Lambda function: only its links, only its variables. */
export const functionOf = (
  name: string,
  runs: Runs,
  { description, timeoutSeconds, permissions = [], onFailure }: FunctionShape,
): sst.aws.Function => {
  const logs = logGroupOf(name)
  const granted = grantsOf(runs.links)
  const failures = onFailure ? [sendsTo(onFailure.queue)] : []
  return new sst.aws.Function(name, {
    handler: `${runs.module}.handler`,
    description,
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    memory: `${runs.memoryMegabytes ?? DEFAULT_MEMORY_MEGABYTES} MB`,
    timeout: `${timeoutSeconds} seconds`,
    logging: { format: 'json', logGroup: logs.name },
    // Split: what is imported dynamically is read when it is needed, and not at every start.
    nodejs: { minify: true, splitting: true },
    copyFiles: (runs.files ?? []).map(({ from, to }) => ({ from, to })),
    permissions: [...granted.permissions, ...permissions, ...failures, writesTo(logs)],
    environment: granted.environment,
    ...(onFailure && { retries: onFailure.retries }),
    transform: {
      role: { managedPolicyArns: [] },
      // SST adds the key of its links to every environment; there are no links, so there is nothing to open with it.
      ...(!$dev && { function: { environment: { variables: granted.environment } } }),
      ...(onFailure && {
        eventInvokeConfig: { destinationConfig: { onFailure: { destination: onFailure.queue.arn } } },
      }),
    },
  })
}
