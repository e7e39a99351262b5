import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { hasDuplicateMember } from '../shared/json.ts'
import { err, ok, type Result } from '../shared/result.ts'

/** A published key, as a JWK set has it; others than Ed25519 sign no statement. */
export interface PublishedKey {
  readonly kid: string
  readonly kty: string
  readonly crv?: string
  readonly x?: string
}

/** What is signed and by which key, once the signature was found to be good. */
export interface Statement {
  readonly kid: string
  readonly payload: Readonly<Record<string, unknown>>
}

export type StatementRefusal = 'statement_malformed' | 'statement_key_unknown' | 'statement_forged'

/**
 * Reads what the seal key signed: a JWS in its one canonical compact form, of this type and no other, with EdDSA and no
 * other algorithm, under a key that is found by its `kid` alone. Nothing else is needed than the published keys.
 */
export const readStatement = (
  jws: string,
  type: string,
  keys: readonly PublishedKey[],
): Result<Statement, StatementRefusal> => {
  const [head = '', body = '', signature = '', ...more] = jws.split('.')
  const [header, payload, bytes] = [objectIn(head), objectIn(body), bytesOf(signature)]
  if (!header || !payload || bytes?.length !== 64 || more.length > 0) return err('statement_malformed')
  const { alg, kid, typ, ...others } = header
  if (alg !== 'EdDSA' || typ !== type || typeof kid !== 'string' || Object.keys(others).length > 0)
    return err('statement_malformed')
  const key = keyOf(keys.find((published) => published.kid === kid))
  if (!key) return err('statement_key_unknown')
  const signed = Buffer.from(`${head}.${body}`)
  return verify(null, signed, key, bytes) ? ok({ kid, payload }) : err('statement_forged')
}

const keyOf = (published: PublishedKey | undefined): KeyObject | undefined => {
  if (published?.kty !== 'OKP' || published.crv !== 'Ed25519' || published.x === undefined) return undefined
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: published.x }, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Of unpadded base64url in its one canonical spelling. */
const bytesOf = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

const objectIn = (part: string): Readonly<Record<string, unknown>> | undefined => {
  const text = bytesOf(part)?.toString()
  try {
    const value: unknown = JSON.parse(text ?? '')
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && !hasDuplicateMember(text ?? '')
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}
