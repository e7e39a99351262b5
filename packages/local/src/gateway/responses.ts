import type { GatewayResponse } from './message.ts'

const json = (
  status: number,
  body: object,
  errorType: string,
  headers: Readonly<Record<string, string>> = {},
): GatewayResponse => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': errorType, ...headers },
  body: JSON.stringify(body),
})

const challenge = (error: string) => ({ 'www-authenticate': `Bearer realm="countersign", error="${error}"` })

/** What API Gateway answers by itself, with the gateway responses that `stacks/` configures. */
export const gatewayResponses = {
  unauthorized: () =>
    json(401, { message: 'Unauthorized' }, 'UnauthorizedException', challenge('invalid_token')),
  implicitDeny: () =>
    json(
      403,
      { Message: 'User is not authorized to access this resource' },
      'AccessDeniedException',
      challenge('insufficient_scope'),
    ),
  explicitDeny: () =>
    json(
      403,
      { Message: 'User is not authorized to access this resource with an explicit deny' },
      'AccessDeniedException',
      challenge('insufficient_scope'),
    ),
  /** An `iam` route without a signature. */
  missingAuthenticationToken: () =>
    json(403, { message: 'Missing Authentication Token' }, 'MissingAuthenticationTokenException'),
  /** `INVALID_API_KEY` is configured as 401. */
  invalidApiKey: () => json(401, { message: 'Forbidden' }, 'ForbiddenException'),
  /** The authorizer failed, or answered something that is no answer. */
  authorizerFailure: () => json(500, { message: null }, 'AuthorizerFailureException'),
  authorizerConfiguration: () => json(500, { message: null }, 'AuthorizerConfigurationException'),
  badGateway: () => json(502, { message: 'Internal server error' }, 'InternalServerErrorException'),
  requestTooLong: () => json(413, { message: 'Request Too Long' }, 'RequestEntityTooLargeException'),
  notAGateway: () =>
    json(
      404,
      { message: 'Use /{gatewayId}/{stage}/{path}, as in /abc123/staging/tenancies/7' },
      'NotFoundException',
    ),
} as const
