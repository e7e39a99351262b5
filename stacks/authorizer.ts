import { authorizer, simpleAuthorizer } from '@countersign/topology'
import { functionOf } from './function.ts'
import { authorizerMade } from './links.ts'

/** Its own reads give up long before this; HTTP APIs give up at 10 s. */
const TIMEOUT_SECONDS = 5

export const authorizes = functionOf('Authorizer', authorizer, {
  description: 'May this caller do this, here, now?',
  timeoutSeconds: TIMEOUT_SECONDS,
})

/** Of HTTP APIs with simple responses. */
export const authorizesSimply = functionOf('SimpleAuthorizer', simpleAuthorizer, {
  description: 'May this caller do this, here, now? Answers yes or no',
  timeoutSeconds: TIMEOUT_SECONDS,
})

authorizerMade.resolve({
  arns: [authorizes.arn, authorizesSimply.arn],
  names: $interpolate`${authorizes.name},${authorizesSimply.name}`,
})
