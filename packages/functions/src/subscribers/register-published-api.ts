import { lambda } from '../runtime/lambda.ts'
import { registerPublication, withdrawPublication } from '../runtime/publication.ts'
import type { Services } from '../runtime/services.ts'
import { subscriber } from '../runtime/subscriber.ts'

/** Turns what the API Hub publishes into commands, or into `api.registration-rejected` with every reason. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  subscriber('RegisterPublishedApi', services, (event) =>
    event.type === 'api-hub.api-published'
      ? registerPublication(services, event)
      : withdrawPublication(services, event),
  )

export const handler = lambda(make)
