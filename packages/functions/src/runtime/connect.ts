import { connected } from './connected.ts'
import { accessRows } from './connectors/access-rows.ts'
import { authorizerCaches } from './connectors/authorizer-caches.ts'
import { authorizerCallers } from './connectors/authorizer-callers.ts'
import { gatewayKeys } from './connectors/gateway-keys.ts'
import { identities } from './connectors/identities.ts'
import { consumerKeyRings, keyRing, sealKeys } from './connectors/key-rings.ts'
import { ledger } from './connectors/ledger.ts'
import { pipeline } from './connectors/pipeline.ts'
import { publisher } from './connectors/publisher.ts'
import { apiKeySecret, webhookSecret } from './connectors/root-secrets.ts'
import { settings } from './connectors/settings.ts'
import { webhookDeliveries } from './connectors/webhook-deliveries.ts'
import { webhookReceivers } from './connectors/webhook-receivers.ts'
import type { Environment, Services } from './services.ts'

const connectors = {
  ledger,
  accessRows,
  keyRing,
  sealKeys,
  consumerKeyRings,
  apiKeySecret,
  webhookSecret,
  gatewayKeys,
  publisher,
  pipeline,
  webhookDeliveries,
  authorizerCallers,
  authorizerCaches,
  identities,
  webhookReceivers,
  settings,
}

/** All services on AWS, for programs. A function takes those it needs by `lambda`. */
export const connect = (environment?: Environment): Promise<Services> =>
  connected<Services>(connectors, environment)
