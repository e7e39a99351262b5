import { ledger } from '../runtime/connectors/ledger.ts'
import { lambda } from '../runtime/lambda.ts'
import { registerPublication, rejectMalformed, withdrawPublication } from '../runtime/publication.ts'
import type { Services } from '../runtime/services.ts'
import { subscriber } from '../runtime/subscriber.ts'

/** Turns what the API Hub publishes into commands, or into `api.registration-rejected` with every reason. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  subscriber('RegisterPublishedApi', services, (event) => {
    switch (event.type) {
      case 'api-hub.api-published':
        return registerPublication(services, event)
      case 'api-hub.api-withdrawn':
        return withdrawPublication(services, event)
      case 'malformed':
        return rejectMalformed(services, event)
    }
  })

export const handler = lambda(make, { ledger })
