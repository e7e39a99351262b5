import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { actorOf } from './actor.ts'
import type { Services } from './services.ts'

/**
 * Answers, and says so in one line of the log: the only trace of what was read or refused, and where the request that a
 * problem names in its `instance` is found. No parameter, query or body is among its members.
 */
export const saying =
  (
    { clock, log }: Pick<Services, 'clock' | 'log'>,
    answer: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>,
  ) =>
  async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    const begun = clock().getTime()
    const answered = await answer(event)
    const { requestContext } = event
    log({
      level: 'info',
      message: 'a request was answered',
      requestId: requestContext.requestId,
      route: routeOf(event),
      actor: actorOf(requestContext),
      status: answered.statusCode,
      ...(answered.statusCode >= 400 && { code: codeOf(answered) }),
      milliseconds: clock().getTime() - begun,
    })
    return answered
  }

/** Of a problem (RFC 9457), or of an OAuth error with the finer reason beside it. */
const codeOf = ({ body }: APIGatewayProxyResult): unknown => (JSON.parse(body) as { code?: unknown }).code

/** As the topology names it: parameters by their names, not by what came. */
export const routeOf = ({ httpMethod, resource }: APIGatewayProxyEvent): string => `${httpMethod} ${resource}`
