export { evaluatePolicy, globMatches } from './gateway/iam-policy.ts'
export type { GatewayDescription } from './gateway/setup.ts'
export { fileDirectory, peopleFile } from './oidc/people.ts'
export { codeOf, StartFailure } from './platform/failure.ts'
export {
  LOCAL_ISSUER,
  type Platform,
  type PlatformOptions,
  type ReadModels,
  startPlatform,
} from './platform/platform.ts'
export { type LocalServices, type LocalServicesOptions, localServices } from './platform/services.ts'
export { type Adversity, type Bus, localBus } from './runtime/bus.ts'
export { makeFrom } from './runtime/modules.ts'
export type { Step } from './runtime/workers.ts'
export { type Database, openDatabase } from './store/database.ts'
export { sqliteAccessRows } from './store/sqlite-access-rows.ts'
export { sqliteAuthorizerCallers } from './store/sqlite-authorizer-callers.ts'
export { sqliteGatewayKeys } from './store/sqlite-gateway-keys.ts'
export { sqliteKeyRing } from './store/sqlite-key-ring.ts'
export { sqliteLedger } from './store/sqlite-ledger.ts'
export { sqliteQueues } from './store/sqlite-queues.ts'
export { sqliteRootSecret } from './store/sqlite-root-secret.ts'
export { sqliteStoredRows } from './store/sqlite-stored-rows.ts'
export { sqliteWebhookDeliveries } from './store/sqlite-webhook-deliveries.ts'
