import { environmentPolicy } from '../shared/environment.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { type Method, type ProtectedRoute, type Route, segmentsOf } from '../shared/route.ts'
import type { Claims } from './claims.ts'
import type { DenialReason } from './denial.ts'
import type { AccessRequest } from './method-arn.ts'
import { type OpenedRoute, routeTableOf } from './route-table.ts'
import {
  type AccessRows,
  bindingOf,
  type DeploymentBinding,
  fenceEntryOf,
  grantOf,
  refusalOf,
  type TokenGrant,
} from './row.ts'

/** What a token may do on the deployment that was asked. */
export interface Opening {
  readonly grant: TokenGrant
  readonly binding: DeploymentBinding
  readonly opened: readonly OpenedRoute[]
}

export interface Decision extends Opening {
  /** The registered route the request goes to. */
  readonly route: ProtectedRoute
}

export interface Denial {
  readonly reason: DenialReason
  /** Known once the token was found good: what it does open here. */
  readonly opening?: Opening
}

/**
 * Deny by default: the only way to `ok` is past every check. No I/O; `now` is given. The signature and the claims were
 * checked before; the rows are of one strongly consistent read (platform contract, steps 5 and 6).
 */
export const decide = (
  claims: Claims,
  request: AccessRequest,
  rows: AccessRows,
  now: Date,
): Result<Decision, Denial> => {
  const binding = bindingOf(rows.deployment)
  if (!binding) return err({ reason: 'deployment_unknown' })
  const fenced = fenceReason(claims, binding, rows)
  if (fenced) return err({ reason: fenced })
  const live = liveGrant(claims, rows, now)
  if (!live.ok) return err({ reason: live.error })
  if (claims.expiresAt - claims.issuedAt > environmentPolicy(binding.environment).longestTokenSeconds)
    return err({ reason: 'lifetime_too_long' })
  return routeDecision(claims, request, { grant: live.value, binding })
}

const fenceReason = (
  claims: Claims,
  binding: DeploymentBinding,
  { fence }: AccessRows,
): DenialReason | undefined => {
  if (!fence) return undefined
  if (fenceEntryOf(fence, 'lockdown')) return 'locked_down'
  if (fenceEntryOf(fence, `kid#${claims.kid}`)) return 'key_revoked'
  if (fenceEntryOf(fence, `consumer#${claims.consumerId}`)) return 'consumer_suspended'
  if (fenceEntryOf(fence, `api#${binding.apiId}`)) return 'api_closed'
  const marks = ['issued-before', `issued-before#${claims.consumerId}`, `issued-before#${binding.apiId}`]
  const before = marks.map((mark) => fenceEntryOf(fence, mark)?.before ?? 0)
  return claims.issuedAt < Math.max(...before) ? 'issued_before' : undefined
}

const liveGrant = (claims: Claims, { token }: AccessRows, now: Date): Result<TokenGrant, DenialReason> => {
  const refusal = refusalOf(token)
  if (refusal) return err(refusal.why === 'revoked' ? 'token_revoked' : 'token_disabled')
  const grant = grantOf(token)
  if (!grant) return err('token_unknown')
  if (grant.expiresAt * 1_000 <= now.getTime()) return err('token_expired')
  const same =
    grant.kid === claims.kid &&
    grant.consumerId === claims.consumerId &&
    grant.issuedAt === claims.issuedAt &&
    grant.expiresAt === claims.expiresAt
  return same ? ok(grant) : err('token_mismatch')
}

const routeDecision = (
  claims: Claims,
  request: AccessRequest,
  { grant, binding }: Omit<Opening, 'opened'>,
): Result<Decision, Denial> => {
  const table = routeTableOf(binding.apiId, binding.routes)
  const audienceNames = claims.audience.includes(binding.apiId)
  const opening = {
    grant,
    binding: { ...binding, routes: table.routes },
    opened: table.openedBy(audienceNames ? grantedRoutes(grant, binding) : []),
  }
  const deny = (reason: DenialReason) => err({ reason, opening })
  if (!audienceNames) return deny('audience_mismatch')
  if (!grant.grants.some((granted) => isFor(granted, binding))) return deny('api_not_granted')
  const segments = segmentsOf(request.path)
  if (!segments) return deny('path_refused')
  const route = table.routeOf(request.method, segments)
  if (!route) return deny('route_unknown')
  const methods = opening.opened.find(({ registered }) => registered === route)?.methods
  const granted = methods?.has('ANY') || methods?.has(request.method as Method)
  return granted ? ok({ ...opening, route }) : deny('route_not_granted')
}

const isFor = (granted: { apiId: string; environment: string }, binding: DeploymentBinding): boolean =>
  granted.apiId === binding.apiId && granted.environment === binding.environment

const grantedRoutes = ({ grants }: TokenGrant, binding: DeploymentBinding): readonly Route[] =>
  grants.filter((grant) => isFor(grant, binding)).flatMap(({ routes }) => routes)
