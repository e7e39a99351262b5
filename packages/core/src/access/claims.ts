import { type Id, isId } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { DenialReason } from './denial.ts'

/** The claims of a platform-issued token (RFC 9068 §2.2), of the right types; nothing else of it is used. */
export interface Claims {
  /** The id of the key that signed it. */
  readonly kid: string
  readonly tokenId: Id<'token'>
  readonly consumerId: Id<'consumer'>
  readonly audience: readonly string[]
  /** NumericDates. */
  readonly issuedAt: number
  readonly expiresAt: number
}

/** How far the clocks of issuer and authorizer may be apart, in seconds. */
export const CLOCK_SKEW_SECONDS = 5

/** Checks what a token says of itself, after its signature was found good. */
export const readClaims = (
  kid: string,
  payload: Readonly<Record<string, unknown>>,
  issuer: string,
  now: Date,
): Result<Claims, DenialReason> => {
  const { iss, aud, sub, jti, iat, exp, nbf } = payload
  const audience = audienceOf(aud)
  if (typeof iss !== 'string' || !isId('consumer', sub) || !isId('token', jti)) return err('claims_invalid')
  if (!audience || !isInstant(iat) || !isInstant(exp)) return err('claims_invalid')
  if (nbf !== undefined && !isInstant(nbf)) return err('claims_invalid')
  if (iss !== issuer) return err('issuer_mismatch')
  const seconds = now.getTime() / 1_000
  if (exp <= seconds) return err('token_expired')
  if (iat > seconds + CLOCK_SKEW_SECONDS) return err('token_not_yet_valid')
  if (nbf !== undefined && nbf > seconds + CLOCK_SKEW_SECONDS) return err('token_not_yet_valid')
  return ok({ kid, tokenId: jti, consumerId: sub, audience, issuedAt: iat, expiresAt: exp })
}

const isInstant = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0

const audienceOf = (aud: unknown): readonly string[] | undefined => {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.length > 0 && aud.every((entry) => typeof entry === 'string')
    ? aud
    : undefined
}
