import type { AccessRequest, Claims, Decision, Denial, DenialReason } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import { err, ok, type Result } from '@countersign/core/shared'
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda'
import type { AuthorizerServices } from './authorize.ts'
import type { cachedVerifier } from './key-ring-cache.ts'

/** One decision, and the line that the decision log gets: exact, and without a byte of the token. */
export interface Judged {
  readonly request: AccessRequest | undefined
  readonly methodArn: string
  readonly claims: Claims | undefined
  readonly decision: Result<Decision, Denial>
  readonly line: DecisionLine
}

export interface DecisionLine {
  readonly outcome: 'allow' | 'deny'
  readonly reason: DenialReason | undefined
  readonly tokenId: string | undefined
  readonly consumerId: string | undefined
  readonly kid: string | undefined
  readonly apiId: string | undefined
  readonly environment: string | undefined
  readonly method: string | undefined
  /** The registered template, never the path that was asked. */
  readonly route: string | undefined
  readonly gateway: string | undefined
}

/** The checks of the platform's contract, in its order; each can only refuse. One read of three rows. */
export const judge = async (
  event: APIGatewayRequestAuthorizerEvent,
  verify: ReturnType<typeof cachedVerifier>,
  { accessRows, settings }: Pick<AuthorizerServices, 'accessRows' | 'settings'>,
  now: Date,
): Promise<Judged> => {
  const methodArn = String(event.methodArn)
  const denied = (reason: DenialReason, request?: AccessRequest, claims?: Claims) =>
    judged(methodArn, request, claims, err({ reason }))
  const presented = Access.presentedToken({ single: event.headers, multi: event.multiValueHeaders })
  if (!presented.ok) return denied(presented.error)
  const verified = await verify(presented.value, now)
  if (!verified.ok) return denied(verified.error)
  const claims = Access.readClaims(verified.value.kid, verified.value.payload, settings.issuer, now)
  if (!claims.ok) return denied(claims.error)
  const request = Access.parseMethodArn(methodArn)
  if (!request || !agrees(event, request)) return denied('coordinates_mismatch', request, claims.value)
  const rows = await rowsOf(accessRows, request, claims.value)
  return judged(methodArn, request, claims.value, Access.decide(claims.value, request, rows, now))
}

const rowsOf = async (
  accessRows: AuthorizerServices['accessRows'],
  request: AccessRequest,
  { tokenId }: Claims,
) => {
  const shard = Access.shardOf(tokenId)
  const keys = {
    token: Access.tokenRowKey(tokenId),
    deployment: Access.deploymentRowKey(request.coordinates, shard),
    fence: Access.fenceRowKey(shard),
  }
  const rows = await accessRows.read(Object.values(keys))
  return { token: rows.get(keys.token), deployment: rows.get(keys.deployment), fence: rows.get(keys.fence) }
}

/** The request context must tell the same story as the ARN, as far as it tells one. */
const agrees = (
  { requestContext, httpMethod }: APIGatewayRequestAuthorizerEvent,
  request: AccessRequest,
): boolean => {
  const { coordinates, method } = request
  const told: readonly (readonly [unknown, string])[] = [
    [requestContext?.apiId, coordinates.gatewayId],
    [requestContext?.accountId, coordinates.accountId],
    [requestContext?.stage, coordinates.stage],
    [requestContext?.httpMethod, method],
    [httpMethod, method],
  ]
  return told.every(([said, expected]) => said === undefined || said === null || said === expected)
}

const judged = (
  methodArn: string,
  request: AccessRequest | undefined,
  claims: Claims | undefined,
  decision: Result<Decision, Denial>,
): Judged => {
  const opening = decision.ok ? decision.value : decision.error.opening
  const line = {
    outcome: decision.ok ? 'allow' : 'deny',
    reason: decision.ok ? undefined : decision.error.reason,
    tokenId: claims?.tokenId,
    consumerId: claims?.consumerId,
    kid: claims?.kid,
    apiId: opening?.binding.apiId,
    environment: opening?.binding.environment,
    method: request?.method,
    route: decision.ok ? decision.value.route.path : undefined,
    gateway: request && `${request.coordinates.gatewayId}/${request.coordinates.stage}`,
  } as const
  return { methodArn, request, claims, decision: decision.ok ? ok(decision.value) : decision, line }
}
