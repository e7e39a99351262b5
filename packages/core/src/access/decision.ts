import type { Json } from '../shared/json.ts'
import { lockdownEntriesAt } from '../shared/lockdown-scope.ts'
import type { Row } from '../shared/register.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { formatRoute, type Method, type ProtectedRoute, segmentsOf } from '../shared/route.ts'
import type { Claims } from './claims.ts'
import type { DenialReason } from './denial.ts'
import type { Found, Note } from './findings.ts'
import type { AccessRequest } from './method-arn.ts'
import { type OpenedRoute, routeTableOf } from './route-table.ts'
import { type AccessRows, bindingOf, type DeploymentBinding, fenceEntryOf } from './row.ts'
import { grantedBy, type Principal, type Standing, standingOf } from './standing.ts'

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
  /** The registered route the request would have gone to, where there is one. */
  readonly route?: ProtectedRoute
}

/**
 * Deny by default: the only way to `ok` is past every check. No I/O; `now` is given. The signature and the claims were
 * checked before; the rows are of one strongly consistent read (platform contract, steps 5 and 6). `note` hears of each
 * check as it begins.
 */
export const decide = (
  claims: Claims,
  request: AccessRequest,
  rows: AccessRows,
  now: Date,
  note?: Note,
): Result<Decision, Denial> => {
  const binding = bindingOf(rows.deployment)
  note?.('deployment', { apiId: binding?.apiId, api: binding?.api, environment: binding?.environment })
  if (!binding) return err({ reason: 'deployment_unknown' })
  note?.('fence', fencesFor(claims, binding, rows))
  const fenced = fenceReason(claims, binding, rows)
  if (fenced) return err({ reason: fenced })
  const standing = standingOf(claims, binding, rows, now, note)
  if (!standing.ok) return err({ reason: standing.error })
  const { longestSeconds } = standing.value
  const seconds = claims.expiresAt - claims.issuedAt
  note?.('lifetime', { seconds, longestSeconds })
  if (seconds > longestSeconds) return err({ reason: 'lifetime_too_long' })
  note?.('grants', grantedBy(claims, standing.value, rows))
  return routeDecision(standing.value, request, binding, note)
}

type Place = Pick<DeploymentBinding, 'apiId' | 'environment'>

const isLockedDown = (binding: Place, fence: Row): boolean =>
  lockdownEntriesAt(binding).some((entry) => {
    const found = fenceEntryOf(fence, entry)
    return found !== undefined && !found.spares?.includes(binding.apiId)
  })

/** The entries of the fence that could concern this credential here, most sweeping first. */
const entriesFor = (claims: Claims, binding: Place): readonly string[] => {
  const { apiId } = binding
  const [kind, who] =
    claims.kind === 'session' ? ['subject', claims.subject] : ['consumer', claims.consumerId]
  const targets = [who, apiId, claims.kid]
  const marks = ['issued-before', ...targets.map((target) => `issued-before#${target}`)]
  return [...lockdownEntriesAt(binding), `kid#${claims.kid}`, `${kind}#${who}`, `api#${apiId}`, ...marks]
}

const fencesFor = (claims: Claims, binding: DeploymentBinding, { fence }: AccessRows): Found => {
  const standing = entriesFor(claims, binding).flatMap((entry) => {
    const found = fenceEntryOf(fence, entry)
    return found ? [{ entry, ...found }] : []
  })
  return { issuedAt: claims.issuedAt, standing: standing as Json }
}

/** What the fence says of a credential at an API. */
export const fenceReason = (
  claims: Claims,
  binding: Place,
  { fence }: Pick<AccessRows, 'fence'>,
): DenialReason | undefined => {
  if (!fence) return undefined
  if (isLockedDown(binding, fence)) return 'locked_down'
  if (fenceEntryOf(fence, `kid#${claims.kid}`)) return 'key_revoked'
  const holder = claims.kind === 'session' ? `subject#${claims.subject}` : `consumer#${claims.consumerId}`
  if (fenceEntryOf(fence, holder)) return claims.kind === 'session' ? 'subject_fenced' : 'consumer_suspended'
  if (fenceEntryOf(fence, `api#${binding.apiId}`)) return 'api_closed'
  const who = claims.kind === 'session' ? claims.subject : claims.consumerId
  const targets = [who, binding.apiId, claims.kid]
  const marks = ['issued-before', ...targets.map((target) => `issued-before#${target}`)]
  const before = marks.map((mark) => fenceEntryOf(fence, mark)?.before ?? 0)
  return claims.issuedAt < Math.max(...before) ? 'issued_before' : undefined
}

const routeDecision = (
  { principal, holder, granted, nothing }: Standing,
  request: AccessRequest,
  binding: DeploymentBinding,
  note?: Note,
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
  note?.('path', { path: request.path, segments })
  if (!segments) return deny('path_refused')
  const route = table.routeOf(request.method, segments)
  note?.('route', { method: request.method, route: route && formatRoute(route) })
  if (!route) return deny('route_unknown')
  const methods = opening.opened.find(({ registered }) => registered === route)?.methods
  note?.('opened', { authorization: route.authorization, holder, methods: methods ? [...methods] : [] })
  const allowed = methods?.has('ANY') || methods?.has(request.method as Method)
  return allowed ? ok({ ...opening, route }) : err({ reason: 'route_not_granted', opening, route })
}
