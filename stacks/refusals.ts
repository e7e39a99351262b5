/** A refusal of API Gateway's own, before any function is asked: RFC 9457, as the functions answer. */
export interface GatewayRefusal {
  /** Absent: the status that API Gateway gives. */
  readonly status?: number
  readonly code: string
  readonly title: string
  /** RFC 6750 §3. */
  readonly challenge?: string
  /** RFC 9110 §10.2.3. */
  readonly retryAfterSeconds?: number
}

const REALM = 'Bearer realm="countersign"'

export const GATEWAY_REFUSALS: Readonly<Record<string, GatewayRefusal>> = {
  UNAUTHORIZED: {
    status: 401,
    code: 'unauthorized',
    title: 'The credential is missing or not accepted',
    challenge: `${REALM}, error="invalid_token"`,
  },
  ACCESS_DENIED: {
    status: 403,
    code: 'forbidden',
    title: 'The credential does not open this route',
    challenge: `${REALM}, error="insufficient_scope"`,
  },
  INVALID_API_KEY: {
    status: 401,
    code: 'unauthorized',
    title: 'The credential is missing or not accepted',
  },
  /** What API Gateway says of a path it does not have. */
  MISSING_AUTHENTICATION_TOKEN: { status: 404, code: 'route_not_found', title: 'No such route' },
  /** The authorizer could not read what it decides by, and lets nobody in. No function was asked: asking again does nothing twice. */
  AUTHORIZER_FAILURE: {
    status: 503,
    code: 'credential_unchecked',
    title: 'The credential could not be checked; try again',
    retryAfterSeconds: 1,
  },
  DEFAULT_4XX: { code: 'invalid_request', title: 'The request is not of the documented form' },
  DEFAULT_5XX: { code: 'internal_error', title: 'Something went wrong on our side' },
}

/** API Gateway fills in `$context…`; without a fixed status the member is left out (RFC 9457 §3.1.2 makes it optional). */
export const problemTemplate = ({ status, code, title }: GatewayRefusal): string =>
  JSON.stringify({
    type: `urn:countersign:problem:${code}`,
    title,
    ...(status !== undefined && { status }),
    detail: title,
    instance: 'urn:countersign:request:$context.requestId',
    code,
  })
