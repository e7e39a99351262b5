import { gatewayKeys } from '../runtime/connectors/gateway-keys.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { apiKeySecret } from '../runtime/connectors/root-secrets.ts'
import { lambda } from '../runtime/lambda.ts'
import { type ProvisionServices, provision } from '../runtime/provisioning.ts'
import type { Services } from '../runtime/services.ts'
import { subscriber } from '../runtime/subscriber.ts'

/** Makes the gateway's own keys and usage plans as the ledger has them, whatever the order in which it is told. */
export const make = (services: ProvisionServices & Pick<Services, 'log'>) =>
  subscriber('ProvisionUsagePlan', services, (event) => provision(services, event))

export const handler = lambda(make, { apiKeySecret, gatewayKeys, ledger })
