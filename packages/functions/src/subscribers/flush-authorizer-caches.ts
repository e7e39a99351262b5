import { authorizerCaches } from '../runtime/connectors/authorizer-caches.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { type FlushServices, flusher } from '../runtime/flushing.ts'
import { lambda } from '../runtime/lambda.ts'
import { subscriber } from '../runtime/subscriber.ts'

/** Lets refusals be enforced sooner than an authorizer cache's time to live. */
export const make = (services: FlushServices) => {
  const flush = flusher(services)
  return subscriber('FlushAuthorizerCaches', services, flush)
}

export const handler = lambda(make, { authorizerCaches, ledger })
