import {
  authorizer,
  inboxes as inboxesOf,
  type Link,
  logSubscriptions,
  type Runs,
  rotations,
  routes,
  schedules,
  simpleAuthorizer,
  streams,
} from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { at, sorted, the } from './graph.ts'
import { grantsOf } from './policies.ts'

const graph = await evaluate('test')

const onLedger = (...actions: readonly string[]) =>
  actions.map((action) => `dynamodb:${action} on table/LedgerTable`)

const onQueues = (action: string, names: readonly string[]) =>
  names.map((name) => `${action} on ${name}Queue`)
const inboxes = Object.keys(inboxesOf)
const dead = inboxes.map((name) => `${name}DeadLetters`)

/** Written down a second time on purpose: what the adapters behind a link call, action by action. */
const LINKS: Readonly<
  Record<Link, { readonly grants: readonly string[]; readonly told: readonly string[] }>
> = {
  'ledger:read': { grants: onLedger('GetItem'), told: ['LEDGER_TABLE'] },
  'ledger:list': { grants: [`${onLedger('Query')}/index/Listed`], told: ['LEDGER_TABLE'] },
  'ledger:log': {
    grants: ['', '/index/Day', '/index/Listed'].map((index) => `${onLedger('Query')}${index}`),
    told: ['LEDGER_TABLE'],
  },
  'ledger:days': {
    grants: ['/index/Day', '/index/Listed'].map((index) => `${onLedger('Query')}${index}`),
    told: ['LEDGER_TABLE'],
  },
  'ledger:write': { grants: onLedger('GetItem', 'PutItem', 'UpdateItem'), told: ['LEDGER_TABLE'] },
  'ledger:append': { grants: onLedger('PutItem', 'UpdateItem'), told: ['LEDGER_TABLE'] },
  'ledger:probe': { grants: onLedger('PutItem'), told: ['LEDGER_TABLE'] },
  'access:read': { grants: ['dynamodb:BatchGetItem on table/AccessTable'], told: ['ACCESS_TABLE'] },
  'access:write': { grants: ['dynamodb:UpdateItem on table/AccessTable'], told: ['ACCESS_TABLE'] },
  'bus:publish': {
    grants: ['events:PutEvents on event-bus/BusBus'],
    told: ['BUS_NAME', 'UNPUBLISHED_QUEUE_URL'],
  },
  'key-ring:read': {
    grants: ['secretsmanager:GetSecretValue on secret:KeyRing-AbCdEf'],
    told: ['ISSUER', 'KEY_RING_SECRET', 'RING_REFRESH_SECONDS'],
  },
  'key-ring:rotate': {
    grants: ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
      (action) => `secretsmanager:${action} on secret:KeyRing-AbCdEf`,
    ),
    told: ['ISSUER', 'KEY_RING_SECRET', 'RING_REFRESH_SECONDS', 'SIGNING_ALGORITHM'],
  },
  'seal-keys:read': {
    grants: ['secretsmanager:GetSecretValue on secret:SealKeys-AbCdEf'],
    told: ['ISSUER', 'RING_REFRESH_SECONDS', 'SEAL_KEYS_SECRET'],
  },
  'seal-keys:rotate': {
    grants: ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
      (action) => `secretsmanager:${action} on secret:SealKeys-AbCdEf`,
    ),
    told: ['ISSUER', 'RING_REFRESH_SECONDS', 'SEAL_KEYS_SECRET'],
  },
  'api-keys:derive': {
    grants: ['secretsmanager:GetSecretValue on secret:ApiKeys-AbCdEf'],
    told: ['API_KEY_SECRET'],
  },
  'usage-plans:provision': {
    grants: [
      'apigateway:DELETE on /apikeys/*',
      'apigateway:DELETE on /usageplans/*',
      'apigateway:GET on /apikeys',
      'apigateway:GET on /usageplans',
      'apigateway:GET on /usageplans/*',
      'apigateway:PATCH on /usageplans/*',
      'apigateway:POST on /apikeys',
      'apigateway:POST on /usageplans',
      'apigateway:POST on /usageplans/*',
    ],
    told: ['CALL_MILLISECONDS'],
  },
  'consumer-keys:read': {
    grants: ['secretsmanager:GetSecretValue on secret:countersign-test-consumers/*'],
    told: ['CONSUMER_KEYS_PREFIX'],
  },
  'consumer-keys:rotate': {
    grants: ['CreateSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
      (action) => `secretsmanager:${action} on secret:countersign-test-consumers/*`,
    ),
    told: ['CONSUMER_KEYS_PREFIX'],
  },
  'identities:read': {
    grants: ['secretsmanager:GetSecretValue on secret:Directory-AbCdEf'],
    told: ['DIRECTORY_SECRET', 'SIGN_IN'],
  },
  'queues:inspect': {
    grants: [
      ...onQueues('sqs:GetQueueAttributes', [...inboxes, ...dead]),
      ...onQueues('sqs:ReceiveMessage', dead),
    ],
    told: ['SUBSCRIPTION_QUEUES'],
  },
  'queues:redrive': {
    grants: [
      ...onQueues('sqs:DeleteMessage', dead),
      ...onQueues('sqs:GetQueueAttributes', dead),
      ...onQueues('sqs:ReceiveMessage', dead),
      ...onQueues('sqs:SendMessage', inboxes),
    ],
    told: ['SUBSCRIPTION_QUEUES'],
  },
  'authorizer-caches:flush': {
    grants: ['/apis', '/restapis'].map((apis) => `apigateway:DELETE on ${apis}/*/stages/*/cache/authorizers`),
    told: ['ACCOUNT_ID', 'CALL_MILLISECONDS'],
  },
  'authorizer:admit': {
    grants: ['AddPermission', 'RemovePermission'].flatMap((action) =>
      ['Authorizer', 'SimpleAuthorizer'].map((name) => `lambda:${action} on function:${name}Function`),
    ),
    told: ['AUTHORIZER_FUNCTIONS'],
  },
  'webhooks:enqueue': {
    grants: onQueues('sqs:SendMessage', ['DeliverToWebhooks']),
    told: ['WEBHOOK_QUEUE_URL'],
  },
  'webhooks:postpone': {
    grants: onQueues('sqs:ChangeMessageVisibility', ['DeliverToWebhooks']),
    told: ['WEBHOOK_QUEUE_URL'],
  },
  'webhooks:sign': {
    grants: ['secretsmanager:GetSecretValue on secret:Webhooks-AbCdEf'],
    told: ['WEBHOOK_SECRET'],
  },
  'webhooks:reach': { grants: [], told: ['WEBHOOK_HOSTS'] },
}

const receiving = (name: string) =>
  ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'].map(
    (action) => `${action} on ${name}Queue`,
  )

const following = (table: string) =>
  ['DescribeStream', 'GetRecords', 'GetShardIterator'].map(
    (action) => `dynamodb:${action} on table/${table}Table/stream/2026-01-01T00:00:00.000`,
  )

const givingUp = (name: string) => `sqs:SendMessage on ${name}DeadLettersQueue`

/** Everything that runs, with what its trigger needs beside its links. */
const RUNS: readonly (readonly [what: string, runs: Runs, trigger: readonly string[]])[] = [
  ['Authorizer', authorizer, []],
  ['SimpleAuthorizer', simpleAuthorizer, []],
  ...Object.entries(routes).map(([name, runs]) => [name, runs, []] as const),
  ...Object.entries(inboxesOf).map(([name, runs]) => [name, runs, receiving(name)] as const),
  ...Object.entries(streams).map(
    ([name, runs]) => [name, runs, [...following(runs.table), givingUp(name)]] as const,
  ),
  ...Object.entries(schedules).map(([name, runs]) => [name, runs, [givingUp(name)]] as const),
  ...Object.entries(logSubscriptions).map(([name, runs]) => [name, runs, [givingUp(name)]] as const),
  ...Object.entries(rotations).map(([name, runs]) => [name, runs, []] as const),
]

const functionFor = ({ module }: Runs): string =>
  graph.builds.find(({ handler }) => handler === `${module}.handler`)?.functionID ?? module

describe('the function for', () => {
  it.each(RUNS)(
    '%s may do what its links and its trigger ask for, and is told where, and no more',
    (_, runs, trigger) => {
      const name = functionFor(runs)
      const links = runs.links.map((link) => LINKS[link])
      expect(grantsOf(graph, name)).toEqual(
        sorted(new Set([...links.flatMap(({ grants }) => grants), ...trigger])),
      )
      const variables = at(the(graph, 'function', `${name}Function`), 'environment.variables') as object
      expect(sorted(Object.keys(variables))).toEqual(sorted(new Set(links.flatMap(({ told }) => told))))
    },
  )
})
