import { gateway, url } from './api.ts'
import { authorizes, authorizesSimply } from './authorizer.ts'
import { bus } from './bus.ts'
import { grantsOf } from './links.ts'
import { machineApi } from './machines.ts'

/**
 * What a deployment says of itself: where it is called, what other teams attach and publish to, and what its bootstrap
 * needs to find (names only; nothing here is secret).
 */
export const outputs = {
  url,
  authorizer: authorizes.arn,
  /** For HTTP APIs with simple responses. */
  simpleAuthorizer: authorizesSimply.arn,
  bus: bus.name,
  /** `arn:aws:execute-api:REGION:ACCOUNT:API`: the coordinates of the platform's own API, with the stage. */
  api: gateway.executionArn,
  stage: $app.stage,
  /** Where requests are signed instead of bearing a token; absent as long as no account is named. */
  ...(machineApi && { machines: machineApi.url }),
  environment: grantsOf([
    'ledger:write',
    'access:write',
    'bus:publish',
    'key-ring:rotate',
    'seal-keys:read',
    'api-keys:derive',
    'webhooks:sign',
    'queues:inspect',
  ]).environment,
}
