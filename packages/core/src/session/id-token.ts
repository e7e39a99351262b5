import { err, ok, type Result } from '../shared/result.ts'
import type { IdentityProvider } from './sign-in.ts'

/** What is wrong with an ID token; each is a stable code that callers see. */
export type IdTokenRefusal =
  | 'id_token_malformed'
  | 'id_token_signature_invalid'
  | 'id_token_algorithm_not_allowed'
  | 'id_token_issuer_unknown'
  | 'id_token_audience_mismatch'
  | 'id_token_expired'
  | 'id_token_not_yet_valid'
  | 'id_token_nonce_mismatch'
  | 'id_token_domain_not_allowed'
  | 'id_token_email_unverified'

/** What is accepted under an ID token (RFC 8725 §3.1); never `none`, never a shared secret. */
export const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256'] as const

export type IdTokenClaims = Readonly<Record<string, unknown>>

/** A person, as a provider vouched for them. */
export interface Person {
  /** The provider's own id of them. */
  readonly id: string
  readonly email: string
  /** Of the ID token; none when they are asked about again later. */
  readonly claims?: IdTokenClaims
}

const CLOCK_SKEW_SECONDS = 5

/**
 * The person in an ID token whose signature was found good (OpenID Connect Core §3.1.3.7, and Google's rules): issuer,
 * audience, `azp` where there are several audiences, times, `nonce` when the caller gave one, `hd`, `email_verified`.
 */
export const personIn = (
  claims: IdTokenClaims,
  provider: IdentityProvider,
  nonce: string | undefined,
  now: Date,
): Result<Person, IdTokenRefusal> => {
  const { iss, sub, email } = claims
  if (typeof iss !== 'string' || !provider.issuers.includes(iss)) return err('id_token_issuer_unknown')
  if (!isForUs(claims, provider.clientIds)) return err('id_token_audience_mismatch')
  const untimely = timeFault(claims, now)
  if (untimely) return err(untimely)
  if (nonce !== undefined && claims.nonce !== nonce) return err('id_token_nonce_mismatch')
  if (!isOfDomain(claims.hd, provider)) return err('id_token_domain_not_allowed')
  if (provider.requireVerifiedEmail && claims.email_verified !== true) return err('id_token_email_unverified')
  if (!isSubject(sub) || !isEmail(email)) return err('id_token_malformed')
  return ok({ id: sub, email, claims })
}

/** `<provider>#<sub>`: no two providers can speak of one subject, and an address that moves to another person is no hole. */
export const subjectOf = ({ name }: IdentityProvider, { id }: Person): string => `${name}#${id}`

/** The provider's own id in a subject. */
export const idIn = (subject: string): string => subject.slice(subject.indexOf('#') + 1)

const isForUs = ({ aud, azp }: IdTokenClaims, clientIds: readonly string[]): boolean => {
  const isOurs = (value: unknown) => typeof value === 'string' && clientIds.includes(value)
  if (azp !== undefined && !isOurs(azp)) return false
  if (!Array.isArray(aud)) return isOurs(aud)
  return aud.some(isOurs) && (aud.length === 1 || azp !== undefined)
}

const timeFault = ({ iat, exp, nbf }: IdTokenClaims, now: Date): IdTokenRefusal | undefined => {
  const seconds = now.getTime() / 1_000
  if (!isInstant(iat) || !isInstant(exp) || (nbf !== undefined && !isInstant(nbf)))
    return 'id_token_malformed'
  if (exp <= seconds) return 'id_token_expired'
  const latest = seconds + CLOCK_SKEW_SECONDS
  return iat > latest || (typeof nbf === 'number' && nbf > latest) ? 'id_token_not_yet_valid' : undefined
}

const isInstant = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

/** `hd` says whose account it is; the domain of the address does not (Google's own advice). */
export const isOfDomain = (domain: unknown, { hostedDomains }: IdentityProvider): boolean =>
  hostedDomains === undefined || (typeof domain === 'string' && hostedDomains.includes(domain.toLowerCase()))

const isSubject = (sub: unknown): sub is string => typeof sub === 'string' && /^[\x21-\x7e]{1,255}$/.test(sub)

const isEmail = (email: unknown): email is string =>
  typeof email === 'string' && email.length <= 320 && /^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u.test(email)
