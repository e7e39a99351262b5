/**
 * The ports on AWS, a connector each and nothing else. A function names those that it needs, and its bundle holds what
 * they import and no more: hence functions all of them, because what is called while a module is read stays in every
 * bundle. Adapters are loaded when they are first needed: who brings services of its own imports the same handlers and
 * must not pay for the SDK.
 */
import type { AccessRowStore } from '@countersign/core/access'
import type { Pipeline, Publisher } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import type { AuthorizerCaches, AuthorizerCallers } from '@countersign/core/registry'
import type { Identities } from '@countersign/core/session'
import { ALGORITHMS, DEFAULT_ALGORITHM, type RootSecretStore } from '@countersign/core/shared'
import type { ConsumerKeyRings, KeyRingStore } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import type { GatewayKeys } from '@countersign/core/usage-plan'
import type { WebhookDeliveries, WebhookReceivers } from '@countersign/core/webhook'
import * as z from 'zod'
import type { Connector } from './connected.ts'
import { lazily, once } from './lazily.ts'
import type { Environment, Settings } from './services.ts'
import { Milliseconds, Name, Names, Queues, Seconds, Url, variable } from './variables.ts'

export const ledger: Connector<Ledger> = async () => {
  const { dynamoLedger } = await import('@countersign/aws/dynamo-ledger')
  return (environment) =>
    lazily(() => {
      const table = variable(environment, 'LEDGER_TABLE', Name)
      return dynamoLedger({
        tables: { ledger: table, access: () => variable(environment, 'ACCESS_TABLE', Name) },
      })
    })
}

export const accessRows: Connector<AccessRowStore> = async () => {
  const { dynamoAccessRows } = await import('@countersign/aws/dynamo-access-rows')
  return (environment) =>
    lazily(() => dynamoAccessRows({ table: variable(environment, 'ACCESS_TABLE', Name) }))
}

const ringIn = async (secret: string) => {
  const { secretsManagerKeyRing } = await import('@countersign/aws/secrets-manager-key-ring')
  return (environment: Environment): KeyRingStore =>
    lazily(() => secretsManagerKeyRing({ secret: variable(environment, secret, Name) }))
}

export const keyRing: Connector<KeyRingStore> = () => ringIn('KEY_RING_SECRET')
export const sealKeys: Connector<KeyRingStore> = () => ringIn('SEAL_KEYS_SECRET')

export const consumerKeyRings: Connector<ConsumerKeyRings> = async () => {
  const { secretsManagerConsumerKeyRings } = await import('@countersign/aws/secrets-manager-key-ring')
  return (environment) => {
    const prefix = () => variable(environment, 'CONSUMER_KEYS_PREFIX', Name)
    const rings = once(() => secretsManagerConsumerKeyRings({ prefix: prefix() }))
    return (consumerId) => rings()(consumerId)
  }
}

const rootSecretIn = async (secret: string) => {
  const { secretsManagerRootSecret } = await import('@countersign/aws/secrets-manager-root-secret')
  return (environment: Environment): RootSecretStore =>
    lazily(() => secretsManagerRootSecret({ secret: variable(environment, secret, Name) }))
}

export const apiKeySecret: Connector<RootSecretStore> = () => rootSecretIn('API_KEY_SECRET')
export const webhookSecret: Connector<RootSecretStore> = () => rootSecretIn('WEBHOOK_SECRET')

const pacing = async () => {
  const { paced } = await import('@countersign/aws/paced')
  return (environment: Environment) =>
    paced({ everyMilliseconds: variable(environment, 'CALL_MILLISECONDS', Milliseconds) })
}

export const gatewayKeys: Connector<GatewayKeys> = async () => {
  const { apiGatewayKeys } = await import('@countersign/aws/api-gateway-keys')
  const pace = await pacing()
  return (environment) => lazily(() => apiGatewayKeys({ pace: pace(environment) }))
}

export const publisher: Connector<Publisher> = async () => {
  const { eventBridgePublisher } = await import('@countersign/aws/event-bridge-publisher')
  return (environment) =>
    lazily(() =>
      eventBridgePublisher({
        busName: variable(environment, 'BUS_NAME', Name),
        deadLetterQueueUrl: () => variable(environment, 'UNPUBLISHED_QUEUE_URL', Url),
      }),
    )
}

export const pipeline: Connector<Pipeline> = async () => {
  const { sqsPipeline } = await import('@countersign/aws/sqs-pipeline')
  return (environment) =>
    lazily(() => sqsPipeline({ queues: variable(environment, 'SUBSCRIPTION_QUEUES', Queues) }))
}

export const webhookDeliveries: Connector<WebhookDeliveries> = async () => {
  const { sqsWebhookDeliveries } = await import('@countersign/aws/sqs-webhook-deliveries')
  return (environment) =>
    lazily(() => sqsWebhookDeliveries({ queueUrl: variable(environment, 'WEBHOOK_QUEUE_URL', Url) }))
}

export const authorizerCallers: Connector<AuthorizerCallers> = async () => {
  const { lambdaAuthorizerCallers } = await import('@countersign/aws/lambda-authorizer-callers')
  const { environmentCredentials } = await import('@countersign/aws/authorizer')
  return (environment) =>
    lazily(() =>
      lambdaAuthorizerCallers({
        functionNames: variable(environment, 'AUTHORIZER_FUNCTIONS', Names),
        region: variable(environment, 'AWS_REGION', Name),
        endpoint: environment.AWS_ENDPOINT_URL || undefined,
        credentials: () => environmentCredentials(environment),
      }),
    )
}

export const authorizerCaches: Connector<AuthorizerCaches> = async () => {
  const { apiGatewayCaches } = await import('@countersign/aws/api-gateway-caches')
  const { environmentCredentials } = await import('@countersign/aws/authorizer')
  const pace = await pacing()
  return (environment) =>
    lazily(() =>
      apiGatewayCaches({
        pace: pace(environment),
        accountId: variable(environment, 'ACCOUNT_ID', Name),
        endpoint: environment.AWS_ENDPOINT_URL || undefined,
        credentials: () => environmentCredentials(environment),
      }),
    )
}

export const identities: Connector<Identities> = async () => {
  const { connectIdentities } = await import('./identity/connect-identities.ts')
  return (environment) => lazily(() => connectIdentities(environment))
}

export const webhookReceivers: Connector<WebhookReceivers> = async () => {
  const { connectWebhookReceivers } = await import('./connect-webhook-receivers.ts')
  return (environment) => lazily(() => connectWebhookReceivers(environment))
}

/** Of the keys that rotations make; those of the ring stay what they are. */
const signingAlgorithm = () =>
  z
    .enum(ALGORITHMS)
    .refine(SigningKey.isAvailable, 'this Node cannot sign with it; ML-DSA-44 needs Node 24.7 or later')
    .default(DEFAULT_ALGORITHM)

export const settings: Connector<Settings> = async () => (environment) => ({
  get issuer() {
    return variable(environment, 'ISSUER', Name)
  },
  get ringRefreshSeconds() {
    return variable(environment, 'RING_REFRESH_SECONDS', Seconds)
  },
  get signingAlgorithm() {
    return variable(environment, 'SIGNING_ALGORITHM', signingAlgorithm())
  },
})
