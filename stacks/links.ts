import { type Link, signingAlgorithm, subscriptions } from '@countersign/topology'
import { bus, givenUp, inboxes } from './bus.ts'
import { signInIn, webhookHostsIn } from './settings.ts'
import { named } from './stage.ts'
import { apiKeySecret, indexArn, secrets, stored, webhookSecret } from './storage.ts'

type Text = $util.Input<string>

/** `Allow`, exactly these actions on exactly these ARNs. */
export interface Statement {
  readonly actions: string[]
  readonly resources: $util.Input<Text[]>
  readonly conditions?: { readonly test: string; readonly variable: string; readonly values: string[] }[]
}

/** What a link is on AWS: what the function may do, and the variables by which `runtime/connectors/` finds it. */
interface Grant {
  readonly permissions: readonly Statement[]
  readonly environment: Readonly<Record<string, Text>>
}

/** The authorizer's functions have links as well, so what leads to them is told here once they are made. */
export const authorizerMade = Promise.withResolvers<{ readonly arns: Text[]; readonly names: Text }>()
const authorizer = $output(authorizerMade.promise)

const RING_REFRESH_SECONDS = 60

/** `iss` of every token. Not the API's URL: that changes when the API is made anew, and every token would be refused. */
const ISSUER = process.env.COUNTERSIGN_ISSUER ?? `urn:countersign:${$app.stage}`

/** Of the keys that rotations make from this deployment on; the keys of the ring stay what they are. */
const SIGNING_ALGORITHM = signingAlgorithm(process.env.COUNTERSIGN_SIGNING_ALGORITHM)

/** Who may vouch for people; without it nobody signs in. */
const SIGN_IN = signInIn(process.env.COUNTERSIGN_SIGN_IN)

/** Where webhooks may lead over http and whatever the addresses; nowhere unless it is given. */
const WEBHOOK_HOSTS = webhookHostsIn(process.env.COUNTERSIGN_WEBHOOK_HOSTS)

const allow = (actions: string[], resources: $util.Input<Text[]>): Statement => ({ actions, resources })

/** No `DeleteItem`: what the ledger holds is the audit, and no function can take anything out of it. */
const ledgerAppends = allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [stored.Ledger.arn])
const ledgerWrites = allow(['dynamodb:GetItem', ...ledgerAppends.actions], [stored.Ledger.arn])

const ledger = { LEDGER_TABLE: stored.Ledger.name }
const access = { ACCESS_TABLE: stored.Access.name }
const keyRing = {
  KEY_RING_SECRET: secrets.KeyRing.arn,
  ISSUER,
  RING_REFRESH_SECONDS: `${RING_REFRESH_SECONDS}`,
}
const sealKeys = {
  SEAL_KEYS_SECRET: secrets.SealKeys.arn,
  ISSUER,
  RING_REFRESH_SECONDS: `${RING_REFRESH_SECONDS}`,
}
const ROTATING = [
  'secretsmanager:GetSecretValue',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
]
const { partition } = aws.getPartitionOutput()
const { region } = aws.getRegionOutput()
const { accountId } = aws.getCallerIdentityOutput()

/** API Gateway's own keys and usage plans, of this account in this region; its actions are the verbs of HTTP. */
const ofApiGateway = (path: string) => $interpolate`arn:${partition}:apigateway:${region}::${path}`

/** One secret for each consumer that signs its own tokens; the platform makes them, not a deployment. */
const CONSUMER_KEYS_PREFIX = `${named('consumers', 200)}/`
const consumers = { CONSUMER_KEYS_PREFIX }
const consumerKeys = $interpolate`arn:${partition}:secretsmanager:${region}:${accountId}:secret:${CONSUMER_KEYS_PREFIX}*`

const queues = {
  SUBSCRIPTION_QUEUES: $jsonStringify(
    Object.fromEntries(
      Object.entries(inboxes).map(([name, { queue, deadLetters }]) => [
        name,
        { queueUrl: queue.url, deadLetterQueueUrl: deadLetters.url },
      ]),
    ),
  ),
}

const callsOf = ({ callMilliseconds }: { readonly callMilliseconds: number }) => ({
  CALL_MILLISECONDS: `${callMilliseconds}`,
})

const waiting = Object.values(inboxes).map(({ queue }) => queue.arn)
const dead = Object.values(inboxes).map(({ deadLetters }) => deadLetters.arn)

const deliveries = inboxes.DeliverToWebhooks.queue

const GRANTS: Readonly<Record<Link, Grant>> = {
  'ledger:read': {
    permissions: [allow(['dynamodb:GetItem'], [stored.Ledger.arn])],
    environment: ledger,
  },
  'ledger:list': {
    permissions: [allow(['dynamodb:Query'], [indexArn('Ledger', 'Listed')])],
    environment: ledger,
  },
  // The events of an entity, those of a day, and the oldest entity of each kind: days before it have none.
  'ledger:log': {
    permissions: [
      allow(['dynamodb:Query'], [stored.Ledger.arn, indexArn('Ledger', 'Day'), indexArn('Ledger', 'Listed')]),
    ],
    environment: ledger,
  },
  'ledger:days': {
    permissions: [allow(['dynamodb:Query'], [indexArn('Ledger', 'Day'), indexArn('Ledger', 'Listed')])],
    environment: ledger,
  },
  'ledger:write': { permissions: [ledgerWrites], environment: ledger },
  'ledger:append': { permissions: [ledgerAppends], environment: ledger },
  // A key that nothing has: what is written there is refused by its own condition.
  'ledger:probe': {
    permissions: [
      {
        ...allow(['dynamodb:PutItem'], [stored.Ledger.arn]),
        conditions: [
          { test: 'ForAllValues:StringEquals', variable: 'dynamodb:LeadingKeys', values: ['probe'] },
        ],
      },
    ],
    environment: ledger,
  },
  'access:read': {
    permissions: [allow(['dynamodb:BatchGetItem'], [stored.Access.arn])],
    environment: access,
  },
  'access:write': {
    permissions: [allow(['dynamodb:UpdateItem'], [stored.Access.arn])],
    environment: access,
  },
  'bus:publish': {
    permissions: [allow(['events:PutEvents'], [bus.arn])],
    // Sending there is granted with the stream: its poller gives records up to the same queue, by the same role.
    environment: { BUS_NAME: bus.name, UNPUBLISHED_QUEUE_URL: givenUp.Relay.url },
  },
  'key-ring:read': {
    permissions: [allow(['secretsmanager:GetSecretValue'], [secrets.KeyRing.arn])],
    environment: keyRing,
  },
  'key-ring:rotate': {
    permissions: [allow(ROTATING, [secrets.KeyRing.arn])],
    environment: { ...keyRing, SIGNING_ALGORITHM },
  },
  'seal-keys:read': {
    permissions: [allow(['secretsmanager:GetSecretValue'], [secrets.SealKeys.arn])],
    environment: sealKeys,
  },
  'seal-keys:rotate': {
    permissions: [allow(ROTATING, [secrets.SealKeys.arn])],
    environment: sealKeys,
  },
  'api-keys:derive': {
    permissions: [allow(['secretsmanager:GetSecretValue'], [apiKeySecret.arn])],
    environment: { API_KEY_SECRET: apiKeySecret.arn },
  },
  'usage-plans:provision': {
    permissions: [
      allow(['apigateway:GET', 'apigateway:POST'], ['/apikeys', '/usageplans'].map(ofApiGateway)),
      allow(['apigateway:DELETE'], [ofApiGateway('/apikeys/*')]),
      allow(
        ['apigateway:DELETE', 'apigateway:GET', 'apigateway:PATCH', 'apigateway:POST'],
        [ofApiGateway('/usageplans/*')],
      ),
    ],
    environment: callsOf(subscriptions.ProvisionUsagePlan),
  },
  'consumer-keys:read': {
    permissions: [allow(['secretsmanager:GetSecretValue'], [consumerKeys])],
    environment: consumers,
  },
  'consumer-keys:rotate': {
    permissions: [
      allow(
        [
          'secretsmanager:CreateSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        [consumerKeys],
      ),
    ],
    environment: consumers,
  },
  'identities:read': {
    permissions: [allow(['secretsmanager:GetSecretValue'], [secrets.Directory.arn])],
    environment: { SIGN_IN, DIRECTORY_SECRET: secrets.Directory.arn },
  },
  'queues:inspect': {
    permissions: [
      allow(['sqs:GetQueueAttributes'], [...waiting, ...dead]),
      allow(['sqs:ReceiveMessage'], dead),
    ],
    environment: queues,
  },
  'queues:redrive': {
    permissions: [
      allow(['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'], dead),
      allow(['sqs:SendMessage'], waiting),
    ],
    environment: queues,
  },
  'authorizer-caches:flush': {
    permissions: [
      allow(
        ['apigateway:DELETE'],
        ['/restapis', '/apis'].map((apis) => ofApiGateway(`${apis}/*/stages/*/cache/authorizers`)),
      ),
    ],
    environment: { ACCOUNT_ID: accountId, ...callsOf(subscriptions.FlushAuthorizerCaches) },
  },
  'authorizer:admit': {
    permissions: [
      {
        ...allow(['lambda:AddPermission', 'lambda:RemovePermission'], authorizer.arns),
        // Statements about API Gateway only: nobody else can be let in, and nobody else be put out.
        conditions: [
          {
            test: 'StringEqualsIfExists',
            variable: 'lambda:Principal',
            values: ['apigateway.amazonaws.com'],
          },
        ],
      },
    ],
    environment: { AUTHORIZER_FUNCTIONS: authorizer.names },
  },
  'webhooks:enqueue': {
    permissions: [allow(['sqs:SendMessage'], [deliveries.arn])],
    environment: { WEBHOOK_QUEUE_URL: deliveries.url },
  },
  'webhooks:postpone': {
    permissions: [allow(['sqs:ChangeMessageVisibility'], [deliveries.arn])],
    environment: { WEBHOOK_QUEUE_URL: deliveries.url },
  },
  'webhooks:sign': {
    permissions: [allow(['secretsmanager:GetSecretValue'], [webhookSecret.arn])],
    environment: { WEBHOOK_SECRET: webhookSecret.arn },
  },
  'webhooks:reach': { permissions: [], environment: { WEBHOOK_HOSTS } },
}

/** All that a function with these links may do, and what it has to be told. */
export const grantsOf = (links: readonly Link[]): Grant => ({
  permissions: links.flatMap((link) => GRANTS[link].permissions),
  environment: Object.assign({}, ...links.map((link) => GRANTS[link].environment)),
})
