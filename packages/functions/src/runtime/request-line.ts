import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { actorOf } from './actor.ts'
import type { Services } from './services.ts'

export const REQUEST_ANSWERED = 'a request was answered'

/**
 * Answers, and says so in one line of the log: of what its function read or refused there is no other trace. A problem names
 * the request in its `instance`. No parameter, query, header or body is among the members.
 */
export const withRequestLine =
  (
    { clock, log }: Pick<Services, 'clock' | 'log'>,
    answer: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>,
  ) =>
  async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => {
    const begun = clock().getTime()
    const answered = await answer(event)
    const { requestId, extendedRequestId } = event.requestContext
    log({
      level: 'info',
      message: REQUEST_ANSWERED,
      requestId,
      // API Gateway's own: the other one is the caller's where the caller sends `x-amzn-RequestId`.
      ...(extendedRequestId !== undefined && { extendedRequestId }),
      route: routeOf(event),
      actor: actorOf(event.requestContext),
      status: answered.statusCode,
      ...(answered.statusCode >= 400 && { code: codeOf(answered) }),
      latencyMilliseconds: clock().getTime() - begun,
    })
    return answered
  }

/** Of a problem (RFC 9457), or of an OAuth error with the finer reason beside it. */
const codeOf = ({ body }: Partial<APIGatewayProxyResult>): unknown =>
  (JSON.parse(body || 'null') as { readonly code?: unknown } | null)?.code

/** As the topology names it: parameters by their names, not by what came. */
export const routeOf = ({ httpMethod, resource }: APIGatewayProxyEvent): string => `${httpMethod} ${resource}`
