import { connectAuthorizer } from '../runtime/connect-authorizer.ts'
import { warmed } from '../runtime/warmed.ts'
import { type SimpleAnswer, simpleAnswerOf, uncacheable } from './answer.ts'
import { type AuthorizerServices, deciding } from './deciding.ts'

/**
 * A Lambda authorizer for HTTP APIs with payload 2.0 whose simple responses are on. The event does not say that they
 * are, so this is a function of its own. It holds one answer for everything, hence is refused where answers are kept.
 */
export const make = (services: AuthorizerServices): ((event: unknown) => Promise<SimpleAnswer>) =>
  deciding(services, { shapes: ['http'], narrowed: uncacheable, answer: simpleAnswerOf })

export const handler = warmed(connectAuthorizer, make)
