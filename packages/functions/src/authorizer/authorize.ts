import type { APIGatewayAuthorizerResult } from 'aws-lambda'
import { connectAuthorizer } from '../runtime/connect-authorizer.ts'
import { warmed } from '../runtime/warmed.ts'
import { answerOf } from './answer.ts'
import { type AuthorizerServices, deciding } from './deciding.ts'

export type { AuthorizerServices } from './deciding.ts'

/**
 * A Lambda authorizer that answers with an IAM policy: for REST APIs of the types `REQUEST` and `TOKEN`, and for HTTP
 * APIs with payload 2.0 whose simple responses are off.
 */
export const make = (
  services: AuthorizerServices,
): ((event: unknown) => Promise<APIGatewayAuthorizerResult>) =>
  deciding(services, { shapes: ['rest-request', 'rest-token', 'http'], answer: answerOf })

export const handler = warmed(connectAuthorizer, make)
