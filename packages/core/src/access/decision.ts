import { err, ok, type Result } from '../shared/result.ts'
import { type Method, type ProtectedRoute, segmentsOf } from '../shared/route.ts'
import type { Claims } from './claims.ts'
import type { DenialReason } from './denial.ts'
import type { AccessRequest } from './method-arn.ts'
import { type OpenedRoute, routeTableOf } from './route-table.ts'
import { type AccessRows, bindingOf, type DeploymentBinding, fenceEntryOf } from './row.ts'
import { type Principal, type Standing, standingOf } from './standing.ts'

/** What a credential may do on the deployment that was asked. */
export interface Opening {
  readonly principal: Principal
  readonly binding: DeploymentBinding
  readonly opened: readonly OpenedRoute[]
}

export interface Decision extends Opening {
  /** The registered route the request goes to. */
  readonly route: ProtectedRoute
}

export interface Denial {
  readonly reason: DenialReason
  /** Known once the credential was found good: what it does open here. */
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
  const standing = standingOf(claims, binding, rows, now)
  if (!standing.ok) return err({ reason: standing.error })
  if (claims.expiresAt - claims.issuedAt > standing.value.longestSeconds)
    return err({ reason: 'lifetime_too_long' })
  return routeDecision(standing.value, request, binding)
}

const fenceReason = (
  claims: Claims,
  binding: DeploymentBinding,
  { fence }: AccessRows,
): DenialReason | undefined => {
  if (!fence) return undefined
  if (fenceEntryOf(fence, 'lockdown')) return 'locked_down'
  if (fenceEntryOf(fence, `kid#${claims.kid}`)) return 'key_revoked'
  const holder = claims.kind === 'session' ? `subject#${claims.subject}` : `consumer#${claims.consumerId}`
  if (fenceEntryOf(fence, holder)) return claims.kind === 'session' ? 'subject_fenced' : 'consumer_suspended'
  if (fenceEntryOf(fence, `api#${binding.apiId}`)) return 'api_closed'
  const who = claims.kind === 'session' ? claims.subject : claims.consumerId
  const marks = ['issued-before', `issued-before#${who}`, `issued-before#${binding.apiId}`]
  const before = marks.map((mark) => fenceEntryOf(fence, mark)?.before ?? 0)
  return claims.issuedAt < Math.max(...before) ? 'issued_before' : undefined
}

const routeDecision = (
  { principal, holder, granted, nothing }: Standing,
  request: AccessRequest,
  binding: DeploymentBinding,
): Result<Decision, Denial> => {
  const table = routeTableOf(binding.apiId, binding.routes)
  const opening = {
    principal,
    binding: { ...binding, routes: table.routes },
    opened: table.openedBy(holder, granted),
  }
  const deny = (reason: DenialReason) => err({ reason, opening })
  if (nothing) return deny(nothing)
  const segments = segmentsOf(request.path)
  if (!segments) return deny('path_refused')
  const route = table.routeOf(request.method, segments)
  if (!route) return deny('route_unknown')
  const methods = opening.opened.find(({ registered }) => registered === route)?.methods
  const allowed = methods?.has('ANY') || methods?.has(request.method as Method)
  return allowed ? ok({ ...opening, route }) : deny('route_not_granted')
}
