import { type Id, isId } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { DenialReason } from './denial.ts'

interface Dated {
  /** The id of the key that signed it. */
  readonly kid: string
  /** NumericDates. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** The claims of a platform-issued token (RFC 9068 §2.2), of the right types; nothing else of it is used. */
export interface TokenClaims extends Dated {
  readonly kind: 'token'
  readonly tokenId: Id<'token'>
  readonly consumerId: Id<'consumer'>
  readonly audience: readonly string[]
}

/** The claims of a session's token: who it is. Its groups are in the read model. */
export interface SessionClaims extends Dated {
  readonly kind: 'session'
  readonly sessionId: Id<'session'>
  readonly subject: string
  /** The platform itself: a session is for no API by name. */
  readonly audience: readonly string[]
}

/** The claims of a token that a consumer signed with its own secret; its grants are in the read model. */
export interface ConsumerSignedClaims extends Dated {
  readonly kind: 'consumer-signed'
  /** The consumer's own `jti`, unique among its tokens as far as it cares. */
  readonly tokenId: string
  readonly consumerId: Id<'consumer'>
  /** Undefined when it says none: the consumer's grants bind the token then. */
  readonly audience: readonly string[] | undefined
  /** For the backend; they never widen a grant. */
  readonly roles: readonly string[]
}

export type Claims = TokenClaims | SessionClaims | ConsumerSignedClaims

/** How far the clocks of issuer and authorizer may be apart, in seconds. */
export const CLOCK_SKEW_SECONDS = 5

type Payload = Readonly<Record<string, unknown>>

/** Checks what a token of the platform's own ring says of itself, after its signature was found good. */
export const readClaims = (
  kid: string,
  payload: Payload,
  issuer: string,
  now: Date,
): Result<TokenClaims | SessionClaims, DenialReason> => {
  const { iss, sub, jti } = payload
  const audience = audienceOf(payload.aud)
  const dates = datesOf(payload)
  if (typeof iss !== 'string' || !audience || !dates) return err('claims_invalid')
  const read = isId('session', jti)
    ? sessionClaims(kid, jti, sub, audience, dates)
    : tokenClaims(kid, jti, sub, audience, dates)
  if (!read) return err('claims_invalid')
  if (iss !== issuer) return err('issuer_mismatch')
  if (read.kind === 'session' && !isForIssuer(read, issuer)) return err('session_mismatch')
  const untimely = timeReason(dates, now)
  return untimely ? err(untimely) : ok(read)
}

/** A session is for the platform itself, and for nobody beside it. */
const isForIssuer = ({ audience }: SessionClaims, issuer: string): boolean =>
  audience.length === 1 && audience[0] === issuer

const tokenClaims = (
  kid: string,
  jti: unknown,
  sub: unknown,
  audience: readonly string[],
  { issuedAt, expiresAt }: Dates,
): TokenClaims | undefined =>
  isId('token', jti) && isId('consumer', sub)
    ? { kind: 'token', kid, tokenId: jti, consumerId: sub, audience, issuedAt, expiresAt }
    : undefined

const sessionClaims = (
  kid: string,
  sessionId: Id<'session'>,
  sub: unknown,
  audience: readonly string[],
  { issuedAt, expiresAt }: Dates,
): SessionClaims | undefined =>
  typeof sub === 'string' && sub !== ''
    ? { kind: 'session', kid, sessionId, subject: sub, audience, issuedAt, expiresAt }
    : undefined

/**
 * Checks what a consumer-signed token says of itself, after its signature was found good with a key of `consumerId`.
 * `iss` (and `sub`, where it stands) must be that consumer: a key speaks for nobody else.
 */
export const readConsumerSignedClaims = (
  kid: string,
  consumerId: Id<'consumer'>,
  payload: Payload,
  now: Date,
): Result<ConsumerSignedClaims, DenialReason> => {
  const { iss, sub, aud, jti } = payload
  const audience = aud === undefined ? undefined : audienceOf(aud)
  const dates = datesOf(payload)
  const roles = rolesOf(payload.roles)
  if (typeof iss !== 'string' || !isTokenName(jti) || !dates || !roles) return err('claims_invalid')
  if (aud !== undefined && !audience) return err('claims_invalid')
  if (iss !== consumerId || (sub !== undefined && sub !== iss)) return err('issuer_mismatch')
  const untimely = timeReason(dates, now)
  if (untimely) return err(untimely)
  const { issuedAt, expiresAt } = dates
  return ok({ kind: 'consumer-signed', kid, tokenId: jti, consumerId, audience, roles, issuedAt, expiresAt })
}

/** What a consumer may call a token, and an operator type to refuse it: it becomes part of a register's name. */
export const isTokenName = (jti: unknown): jti is string =>
  typeof jti === 'string' && /^[A-Za-z0-9._~-]{1,128}$/.test(jti)

const LONGEST_ROLE = 64
const MOST_ROLES = 64

/** The context that reaches the backend joins them with a comma, so none may hold one. */
const rolesOf = (roles: unknown): readonly string[] | undefined => {
  if (roles === undefined) return []
  if (!Array.isArray(roles) || roles.length > MOST_ROLES) return undefined
  return roles.every(isRole) ? roles : undefined
}

const isRole = (role: unknown): role is string =>
  typeof role === 'string' && role.length <= LONGEST_ROLE && /^[^\s,\p{Cc}]+$/u.test(role)

interface Dates {
  readonly issuedAt: number
  readonly expiresAt: number
  readonly notBefore: number | undefined
}

const datesOf = ({ iat, exp, nbf }: Payload): Dates | undefined => {
  if (!isInstant(iat) || !isInstant(exp)) return undefined
  if (nbf !== undefined && !isInstant(nbf)) return undefined
  return { issuedAt: iat, expiresAt: exp, notBefore: nbf }
}

const timeReason = ({ issuedAt, expiresAt, notBefore }: Dates, now: Date): DenialReason | undefined => {
  const seconds = now.getTime() / 1_000
  if (expiresAt <= seconds) return 'token_expired'
  const latest = seconds + CLOCK_SKEW_SECONDS
  return issuedAt > latest || (notBefore !== undefined && notBefore > latest)
    ? 'token_not_yet_valid'
    : undefined
}

const isInstant = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0

const audienceOf = (aud: unknown): readonly string[] | undefined => {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.length > 0 && aud.every((entry) => typeof entry === 'string')
    ? aud
    : undefined
}
