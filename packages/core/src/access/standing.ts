import { environmentPolicy } from '../shared/environment.ts'
import type { Json } from '../shared/json.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { formatRoute, type Route } from '../shared/route.ts'
import type { Claims, ConsumerSignedClaims, SessionClaims, TokenClaims } from './claims.ts'
import type { DenialReason } from './denial.ts'
import type { Found, Note } from './findings.ts'
import type { Holder } from './route-table.ts'
import {
  type AccessRows,
  type CompiledGrant,
  type ConsumerGrant,
  consumerGrantOf,
  consumerKeysOf,
  consumerRefusalsOf,
  consumerRowKey,
  type DeploymentBinding,
  grantOf,
  refusalOf,
  rulesOf,
  type SessionIdentity,
  sessionOf,
  sessionRefusalOf,
  sessionRowKey,
  supersededOf,
  type TokenGrant,
  tokenRowKey,
} from './row.ts'

/** Who asks, as the read model knows them. */
export type Principal =
  | { readonly kind: 'token'; readonly grant: TokenGrant }
  | { readonly kind: 'session'; readonly session: SessionIdentity }
  | { readonly kind: 'consumer-signed'; readonly grant: ConsumerGrant }

/** A credential that was found good: what it may open on the deployment, before its routes are looked at. */
export interface Standing {
  readonly principal: Principal
  readonly holder: Holder
  /** Routes that grants or rules name for this API in this environment. */
  readonly granted: readonly Route[]
  /** From `iat` to `exp`, at most. */
  readonly longestSeconds: number
  /** Why nothing at all is granted here. */
  readonly nothing?: DenialReason
}

/** The row that says what a credential is worth. */
export const principalRowKey = (claims: Claims): string => {
  if (claims.kind === 'token') return tokenRowKey(claims.tokenId)
  return claims.kind === 'session' ? sessionRowKey(claims.sessionId) : consumerRowKey(claims.consumerId)
}

/** What tells credentials apart: all requests of one read the same copy of a shared row. */
export const principalIdOf = (claims: Claims): string => {
  if (claims.kind === 'token') return claims.tokenId
  return claims.kind === 'session' ? claims.sessionId : claims.consumerId
}

/** Tombstone, expiry and binding of the credential (platform contract, step 6). */
export const standingOf = (
  claims: Claims,
  binding: DeploymentBinding,
  rows: AccessRows,
  now: Date,
  note?: Note,
): Result<Standing, DenialReason> => {
  if (claims.kind === 'token') return tokenStanding(claims, binding, rows, now, note)
  if (claims.kind === 'session') return sessionStanding(claims, rows, now, note)
  return consumerSignedStanding(claims, binding, rows, now, note)
}

const tokenStanding = (
  claims: TokenClaims,
  binding: DeploymentBinding,
  { principal: row }: AccessRows,
  now: Date,
  note?: Note,
): Result<Standing, DenialReason> => {
  const refusal = refusalOf(row)
  note?.('refusal', { why: refusal?.why, since: refusal?.since })
  if (refusal) return err(refusal.why === 'revoked' ? 'token_revoked' : 'token_disabled')
  const grant = grantOf(row)
  note?.('row', { row: tokenRowKey(claims.tokenId), present: grant !== undefined, consumer: grant?.consumer })
  if (!grant) return err('token_unknown')
  const superseded = supersededOf(row)
  note?.('expiry', { expiresAt: grant.expiresAt, superseded: superseded && { ...superseded } })
  if (isOver(grant.expiresAt, now)) return err('token_expired')
  if (superseded && isOver(superseded.until, now)) return err('token_superseded')
  note?.('binding', { said: datedOf(claims), recorded: datedOf(grant) })
  if (!isSame(grant, claims) || grant.consumerId !== claims.consumerId) return err('token_mismatch')
  const longestSeconds = environmentPolicy(binding.environment).longestTokenSeconds
  return ok({
    principal: { kind: 'token', grant },
    holder: 'token',
    longestSeconds,
    ...grantedOf(grant.grants, binding, claims.audience),
  })
}

/** A session lasts an hour at most, whatever the ring once signed. */
const LONGEST_SESSION_SECONDS = 3_600

const sessionStanding = (
  claims: SessionClaims,
  { principal: row, deployment }: AccessRows,
  now: Date,
  note?: Note,
): Result<Standing, DenialReason> => {
  const refusal = sessionRefusalOf(row)
  note?.('refusal', { why: refusal?.why, since: refusal?.since })
  if (refusal) return err('session_ended')
  const session = sessionOf(row)
  note?.('row', { row: sessionRowKey(claims.sessionId), present: session !== undefined })
  if (!session) return err('session_unknown')
  note?.('expiry', { expiresAt: session.expiresAt })
  if (isOver(session.expiresAt, now)) return err('token_expired')
  note?.('binding', { said: datedOf(claims), recorded: datedOf(session) })
  if (!isSame(session, claims) || session.subject !== claims.subject) return err('session_mismatch')
  const rules = rulesOf(deployment)?.rules ?? []
  const granted = rules.filter(({ group }) => session.groups.includes(group)).flatMap(({ routes }) => routes)
  return ok({
    principal: { kind: 'session', session },
    holder: 'group',
    granted,
    longestSeconds: LONGEST_SESSION_SECONDS,
    ...(granted.length === 0 && { nothing: 'group_not_granted' }),
  })
}

const consumerSignedStanding = (
  claims: ConsumerSignedClaims,
  binding: DeploymentBinding,
  { principal: row }: AccessRows,
  now: Date,
  note?: Note,
): Result<Standing, DenialReason> => {
  const grant = consumerGrantOf(row)
  note?.('row', { row: consumerRowKey(claims.consumerId), present: grant !== undefined })
  if (!grant) return err('consumer_unknown')
  const accepted = consumerKeysOf(row)?.accepted ?? []
  const key = accepted.find(({ kid }) => kid === claims.kid)
  note?.('key-accepted', { kid: claims.kid, accepted: accepted as Json })
  if (!key || (key.until !== undefined && isOver(key.until, now))) return err('kid_not_accepted')
  const refused = consumerRefusalsOf(row)?.tokens.includes(claims.tokenId) ?? false
  note?.('refusal', { tokenId: claims.tokenId, refused })
  if (refused) return err('token_revoked')
  return ok({
    principal: { kind: 'consumer-signed', grant },
    holder: 'token',
    longestSeconds: grant.longestTokenSeconds,
    ...grantedOf(grant.grants, binding, claims.audience ?? [binding.apiId]),
  })
}

const isOver = (end: number, now: Date): boolean => end * 1_000 <= now.getTime()

/** A leaked key must not sign another token of a known id. */
const isSame = (
  row: Pick<TokenGrant, 'kid' | 'issuedAt' | 'expiresAt'>,
  { kid, issuedAt, expiresAt }: Claims,
): boolean => row.kid === kid && row.issuedAt === issuedAt && row.expiresAt === expiresAt

const grantedOf = (
  grants: readonly CompiledGrant[],
  { apiId, environment }: DeploymentBinding,
  audience: readonly string[],
): Pick<Standing, 'granted' | 'nothing'> => {
  if (!audience.includes(apiId)) return { granted: [], nothing: 'audience_mismatch' }
  const here = grants.filter((grant) => grant.apiId === apiId && grant.environment === environment)
  const [only, ...others] = here
  if (!only) return { granted: [], nothing: 'api_not_granted' }
  return { granted: others.length === 0 ? only.routes : here.flatMap(({ routes }) => routes) }
}

const datedOf = ({ kid, issuedAt, expiresAt, ...rest }: Dated): Found & Json => ({
  kid,
  issuedAt,
  expiresAt,
  who: rest.subject ?? rest.consumerId ?? '',
})

interface Dated extends Pick<TokenGrant, 'kid' | 'issuedAt' | 'expiresAt'> {
  readonly consumerId?: string
  readonly subject?: string
}

/** What grants or rules name, for whoever asks what was found. */
export const grantedBy = (claims: Claims, { principal, granted }: Standing, rows: AccessRows): Found => {
  const here = granted.map(formatRoute)
  if (principal.kind !== 'session')
    return {
      audience: claims.audience && [...claims.audience],
      grants: principal.grant.grants.map(({ apiId, environment }) => ({ apiId, environment })),
      here,
    }
  const rules = rulesOf(rows.deployment)?.rules ?? []
  return { groups: [...principal.session.groups], rules: rules.map(({ group }) => group), here }
}
