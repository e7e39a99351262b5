export { type ApiGatewayCachesOptions, apiGatewayCaches } from './api-gateway-caches.ts'
export { type ApiGatewayKeysOptions, apiGatewayKeys } from './api-gateway-keys.ts'
export { waitOf } from './calls.ts'
export { type DynamoAccessRowsOptions, dynamoAccessRows } from './dynamo-access-rows.ts'
export { type DynamoLedgerOptions, dynamoLedger } from './dynamo-ledger.ts'
export { type DynamoStoredRowsOptions, dynamoStoredRows } from './dynamo-stored-rows.ts'
export { type EventBridgePublisherOptions, eventBridgePublisher } from './event-bridge-publisher.ts'
export { type LambdaAuthorizerCallersOptions, lambdaAuthorizerCallers } from './lambda-authorizer-callers.ts'
export { CONTROL_PLANE_MILLISECONDS } from './paced.ts'
export { type SecretTextOptions, secretText } from './secret-text.ts'
export {
  type SecretsManagerKeyRingOptions,
  secretsManagerConsumerKeyRings,
  secretsManagerKeyRing,
} from './secrets-manager-key-ring.ts'
export {
  type SecretsManagerRootSecretOptions,
  secretsManagerRootSecret,
} from './secrets-manager-root-secret.ts'
export { type SqsPipelineOptions, type SubscriptionQueues, sqsPipeline } from './sqs-pipeline.ts'
export { type SqsWebhookDeliveriesOptions, sqsWebhookDeliveries } from './sqs-webhook-deliveries.ts'
