import { apiKeySecret, gatewayKeys, ledger } from '../runtime/connectors.ts'
import { lambda } from '../runtime/lambda.ts'
import { type ProvisionServices, provision } from '../runtime/provisioning.ts'
import type { Services } from '../runtime/services.ts'
import { subscriber } from '../runtime/subscriber.ts'

/** Makes the gateway's own keys and usage plans as the ledger has them, whatever the order in which it is told. */
export const make = (services: ProvisionServices & Pick<Services, 'log'>) =>
  subscriber('ProvisionUsagePlan', services, (event) => provision(services, event))

export const handler = lambda(make, { apiKeySecret, gatewayKeys, ledger })
