import type { AccessRequest, RequestHeaders } from '@countersign/core/access'

/** Which of API Gateway's event shapes asked: REST `REQUEST` and `TOKEN`, HTTP API payload 2.0. */
export type Shape = 'rest-request' | 'rest-token' | 'http'

/** What an authorizer is asked, whichever shape asked it. */
export interface Question {
  readonly shape: Shape
  /** The method or route ARN: the truth about where the request goes. */
  readonly methodArn: string
  readonly headers: RequestHeaders
  /** What else the event says of the same request; a member that it leaves out says nothing. */
  readonly told: Told
}

interface Told {
  readonly apiId: readonly unknown[]
  readonly accountId: readonly unknown[]
  readonly stage: readonly unknown[]
  readonly method: readonly unknown[]
}

type Members = Readonly<Record<string, unknown>>

/** Undefined for what no API Gateway sends: there is no shape to guess. */
export const questionOf = (event: unknown): Question | undefined => {
  const asked = membersOf(event)
  switch (shapeOf(asked)) {
    case 'rest-request':
      return restRequest(asked)
    case 'rest-token':
      return restToken(asked)
    case 'http':
      return http(asked)
    case undefined:
      return undefined
  }
}

const shapeOf = ({ type, version }: Members): Shape | undefined => {
  if (type === 'TOKEN') return version === undefined ? 'rest-token' : undefined
  if (type !== 'REQUEST') return undefined
  if (version === '2.0') return 'http'
  // HTTP APIs that are set to payload 1.0 send what REST APIs send.
  return version === undefined || version === '1.0' ? 'rest-request' : undefined
}

const restRequest = (asked: Members): Question => {
  const { apiId, accountId, stage, httpMethod } = membersOf(asked.requestContext)
  return {
    shape: 'rest-request',
    methodArn: textIn(asked.methodArn),
    headers: { single: headersIn(asked.headers), multi: headersIn(asked.multiValueHeaders) },
    told: {
      apiId: [apiId],
      accountId: [accountId],
      stage: [stage],
      method: [httpMethod, asked.httpMethod],
    },
  }
}

/** API Gateway took the token from its identity source, and tells nothing but that and the ARN. */
const restToken = (asked: Members): Question => ({
  shape: 'rest-token',
  methodArn: textIn(asked.methodArn),
  headers: { single: headersIn({ authorization: asked.authorizationToken }), multi: undefined },
  told: { apiId: [], accountId: [], stage: [], method: [] },
})

/** Names in small letters, and the values of a repeated header joined with commas: no token holds one. */
const http = (asked: Members): Question => {
  const { apiId, accountId, stage, http: line, routeKey } = membersOf(asked.requestContext)
  const keys = [asked.routeKey, routeKey].map(methodInKey)
  return {
    shape: 'http',
    methodArn: textIn(asked.routeArn),
    headers: { single: headersIn(asked.headers), multi: undefined },
    told: {
      apiId: [apiId],
      accountId: [accountId],
      stage: [stage],
      method: [membersOf(line).method, ...keys],
    },
  }
}

/** `GET` of `GET /tenancies/{id}`; the key `$default` and `ANY …` name no method. */
const methodInKey = (routeKey: unknown): unknown => {
  if (typeof routeKey !== 'string') return routeKey
  const [method = ''] = routeKey.split(' ', 1)
  return method === '$default' || method === 'ANY' ? undefined : method
}

/** The event must tell the same story as the ARN, as far as it tells one. Paths are told in many ways: the ARN's counts. */
export const agrees = ({ told }: Question, { coordinates, method }: AccessRequest): boolean =>
  saysNothingBut(told.apiId, coordinates.gatewayId) &&
  saysNothingBut(told.accountId, coordinates.accountId) &&
  saysNothingBut(told.stage, coordinates.stage) &&
  saysNothingBut(told.method, method)

const saysNothingBut = (told: readonly unknown[], expected: string): boolean =>
  told.every((said) => said === undefined || said === null || said === expected)

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null ? (value as Members) : {}

const textIn = (value: unknown): string => (typeof value === 'string' ? value : 'none')

/** Values are looked at where they are read: what is no text there is refused there. */
const headersIn = <T>(value: unknown): Readonly<Record<string, T | undefined>> =>
  membersOf(value) as Readonly<Record<string, T | undefined>>
