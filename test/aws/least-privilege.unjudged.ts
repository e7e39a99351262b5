import { inboxes, logSubscriptions, schedules, streams } from '@countersign/topology'
import { functionNames, type Grant } from './least-privilege.grants.ts'

/** Grants that the emulator does not look at, because AWS's own services use them and not our code. */
interface Unjudged {
  readonly actions: readonly string[]
  /** Function, and the resource it is granted on. */
  readonly grants: readonly (readonly [of: string, on: string])[]
  readonly reason: string
}

const each = (
  names: readonly string[],
  grant: (name: string) => readonly [of: string, on: string],
): Unjudged['grants'] => names.map(grant)

/** Every grant that no probe can miss, by name, and why it stays. */
const UNJUDGED = (functions: readonly string[]): readonly Unjudged[] => [
  {
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    grants: each(functions, (name) => [name, `log-group:/countersign/test/${name}:*`]),
    reason: "Lambda's runtime writes the log; the emulator takes it from the process's own output.",
  },
  {
    actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
    grants: each(Object.keys(inboxes), (name) => [`${name}Subscriber`, `${name}Queue`]),
    reason:
      "Lambda's poller needs all three (AWS refuses the mapping without them); the emulator's asks no role.",
  },
  {
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    grants: Object.entries(streams).map(([name, { table }]) => [
      `${name}Stream`,
      `table/${table}Table/stream/2026-01-01T00:00:00.000`,
    ]),
    reason:
      "Lambda's poller needs all three (AWS refuses the mapping without them); the emulator's asks no role.",
  },
  {
    actions: ['apigateway:DELETE'],
    grants: each(['/apis', '/restapis'], (apis) => [
      'FlushAuthorizerCachesSubscriber',
      `${apis}/*/stages/*/cache/authorizers`,
    ]),
    reason: 'The emulator knows neither FlushStageAuthorizersCache nor ResetAuthorizersCache.',
  },
  {
    actions: ['sqs:SendMessage'],
    grants: [
      ...each(Object.keys(streams), (name) => [`${name}Stream`, `${name}DeadLettersQueue`]),
      ...each(Object.keys(schedules), (name) => [`${name}Job`, `${name}DeadLettersQueue`]),
      ...each(Object.keys(logSubscriptions), (name) => [`${name}Follower`, `${name}DeadLettersQueue`]),
    ],
    reason:
      "Lambda sends what was given up to the failure destination; the emulator's does so without a role.",
  },
  {
    actions: ['sqs:SendMessage'],
    grants: [['FanOutToWebhooksSubscriber', 'DeliverToWebhooksQueue']],
    reason:
      'SendMessageBatch needs sqs:SendMessage in AWS; the emulator asks for an action of the same name, which IAM has not.',
  },
]

export interface Justified extends Grant {
  readonly reason: string
}

export const justified = async (): Promise<readonly Justified[]> =>
  UNJUDGED([...(await functionNames()).values()]).flatMap(({ actions, grants, reason }) =>
    grants.flatMap(([of, on]) => actions.map((action) => ({ of, action, on, reason }))),
  )

/** Roles that no function has, and what each is for. */
export const ROLES_OF_SERVICES: Readonly<Record<string, string>> = {
  APIGatewayPushToCloudWatchLogsRole: "API Gateway writes access logs, with a policy of AWS's own.",
  ...Object.fromEntries(
    Object.keys(schedules).map((name) => [
      `${name}Role`,
      'The Scheduler runs the job, and buries what it cannot run.',
    ]),
  ),
}
