import { Redacted } from '../shared/redacted.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { DenialReason } from './denial.ts'

/** Longer credentials are refused before anything looks into them. */
export const LONGEST_CREDENTIAL_BYTES = 8_192

/** Header values by the name the client wrote; REST APIs keep its case, and may list a repeated header's values. */
export interface RequestHeaders {
  readonly single: Readonly<Record<string, string | undefined>> | null | undefined
  readonly multi: Readonly<Record<string, readonly string[] | undefined>> | null | undefined
}

const BEARER = /^bearer +([^\s,]+)$/i

/** The presented token: exactly one `Authorization` header of the scheme `Bearer` (RFC 6750 §2.1). */
export const presentedToken = (headers: RequestHeaders): Result<Redacted<string>, DenialReason> => {
  const values = authorizationValues(headers)
  const [value] = values
  if (value !== undefined && typeof value !== 'string') return err('scheme_unsupported')
  if (value === undefined || value.trim() === '') return err('credential_missing')
  if (values.length > 1) return err('credential_repeated')
  if (Buffer.byteLength(value) > LONGEST_CREDENTIAL_BYTES) return err('credential_too_long')
  const token = BEARER.exec(value.trim())?.[1]
  return token === undefined ? err('scheme_unsupported') : ok(new Redacted(token))
}

/** REST APIs tell every header twice, once with its last value alone. What stands in one place only, or differs, is no header. */
const authorizationValues = ({ single, multi }: RequestHeaders): readonly string[] => {
  const [alone, listed] = [named(single), named(multi).flat()]
  if (isEmpty(multi) || alone.length > 1) return alone
  if (isEmpty(single)) return listed
  if (alone.length === 0 || listed.length === 0) return []
  return [...listed, ...alone.filter((value) => value !== listed.at(-1))]
}

const isEmpty = (headers: object | null | undefined): boolean => Object.keys(headers ?? {}).length === 0

const named = <T>(headers: Readonly<Record<string, T | undefined>> | null | undefined): readonly T[] => {
  const values: T[] = []
  for (const name of Object.keys(headers ?? {})) {
    const value = isAuthorization(name) ? headers?.[name] : undefined
    if (value !== undefined && value !== null) values.push(value)
  }
  return values
}

/** The length first: most headers are another one. */
const isAuthorization = (name: string): boolean =>
  name.length === AUTHORIZATION.length && name.toLowerCase() === AUTHORIZATION

const AUTHORIZATION = 'authorization'
