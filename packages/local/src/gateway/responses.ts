import type { GatewayResponse } from './message.ts'
import { type GatewayShape, isHttp } from './setup.ts'

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

/** RFC 9110 §10.2.3, in whole seconds. */
const retryAfter = (seconds: number) => ({ 'retry-after': String(Math.max(1, Math.ceil(seconds))) })

/** Why a signature was not taken (AWS Signature Version 4), as API Gateway names it. */
export interface SignatureRefusal {
  readonly type:
    | 'MissingAuthenticationTokenException'
    | 'IncompleteSignatureException'
    | 'InvalidSignatureException'
    | 'UnrecognizedClientException'
    | 'AccessDeniedException'
  readonly message: string
}

/** `x-amzn-errortype` of an authorizer that failed. */
export const AUTHORIZER_FAILURE = 'AuthorizerFailureException'

/** What a REST API answers by itself, with the gateway responses that `stacks/` configures. */
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
  /** An `iam` route without a good signature. */
  signatureRefused: ({ type, message }: SignatureRefusal) => json(403, { message }, type),
  /** REST APIs say of what is not there that its credential is missing. */
  notFound: () =>
    json(403, { message: 'Missing Authentication Token' }, 'MissingAuthenticationTokenException'),
  /** `INVALID_API_KEY` is configured as 401. */
  invalidApiKey: () => json(401, { message: 'Forbidden' }, 'ForbiddenException'),
  /** More at once than the plan's token bucket holds. */
  throttled: (seconds: number) =>
    json(429, { message: 'Too Many Requests' }, 'TooManyRequestsException', retryAfter(seconds)),
  /** More in a day, a week or a month than the plan allows. */
  quotaExceeded: (seconds: number) =>
    json(429, { message: 'Limit Exceeded' }, 'LimitExceededException', retryAfter(seconds)),
  /** The authorizer failed, or answered something that is no answer. */
  authorizerFailure: () => json(500, { message: null }, AUTHORIZER_FAILURE),
  authorizerConfiguration: () => json(500, { message: null }, 'AuthorizerConfigurationException'),
  badGateway: () => json(502, { message: 'Internal server error' }, 'InternalServerErrorException'),
  requestTooLong: () => json(413, { message: 'Request Too Long' }, 'RequestEntityTooLargeException'),
  /** A custom domain that has no mapping for the path. */
  notMapped: () => json(403, { message: 'Forbidden' }, 'ForbiddenException'),
  notAGateway: () =>
    json(
      404,
      { message: 'Use /{gatewayId}/{stage}/{path}, as in /abc123/staging/tenancies/7' },
      'NotFoundException',
    ),
} as const

const plain = (status: number, message: string): GatewayResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message }),
})

type Refusals = Pick<
  typeof gatewayResponses,
  | 'unauthorized'
  | 'implicitDeny'
  | 'explicitDeny'
  | 'signatureRefused'
  | 'notFound'
  | 'invalidApiKey'
  | 'authorizerFailure'
  | 'authorizerConfiguration'
>

/** What an HTTP API answers by itself: it cannot be configured, and says no more than it must. */
const httpResponses: Refusals = {
  unauthorized: () => plain(401, 'Unauthorized'),
  implicitDeny: () => plain(403, 'Forbidden'),
  explicitDeny: () => plain(403, 'Forbidden'),
  signatureRefused: () => plain(403, 'Forbidden'),
  notFound: () => plain(404, 'Not Found'),
  /** HTTP APIs know no API keys: nothing opens such a route. */
  invalidApiKey: () => plain(403, 'Forbidden'),
  authorizerFailure: () => plain(500, 'Internal Server Error'),
  authorizerConfiguration: () => plain(500, 'Internal Server Error'),
}

export const refusalsOf = (shape: GatewayShape): Refusals =>
  isHttp(shape) ? httpResponses : gatewayResponses
