import { createHmac, createSecretKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { AsymmetricAlgorithm } from '../shared/algorithm.ts'
import { hasDuplicateMember } from '../shared/json.ts'
import type { Redacted } from '../shared/redacted.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { publicKeyObject, SIGNATURE_BYTES } from './public-key.ts'
import type { KeyMaterial, VerificationKey } from './ring.ts'

export type JwsRefusal = 'token_malformed' | 'algorithm_mismatch' | 'kid_unknown' | 'signature_invalid'

/** A token whose signature is good. */
export interface VerifiedJws {
  readonly kid: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Verifies tokens with the keys of one ring. */
export type Verifier = (token: Redacted<string>) => Result<VerifiedJws, JwsRefusal>

/** What is signed: the message itself, or its digest (RFC 7518 §3.4). */
const DIGEST = { EdDSA: null, ES256: 'sha256', 'ML-DSA-44': null } as const

/** `at+jwt` (RFC 9068 §2.1), or `JWT`; media types are compared without case (RFC 7515 §4.1.9). */
const TYPES = new Set(['at+jwt', 'jwt'])

const REFUSED_HEADER_MEMBERS = ['crit', 'b64', 'jwk', 'jku', 'x5u', 'x5c'] as const

const HEADERS_KEPT = 256

type NamedKey = KeyMaterial & {
  readonly kid: string
  readonly createdAt?: number
  readonly signsFrom?: number
}

/** Keys by the `kid` that tokens name them with. */
export interface VerifyingRing {
  readonly keys: readonly NamedKey[]
}

/** The `kid` of a token nobody has verified yet; good for looking up a key and for nothing else. */
export const kidOf = (token: Redacted<string>): string | undefined => {
  const text = token.reveal()
  return readHeader(text.slice(0, Math.max(0, text.indexOf('.'))))?.kid
}

/**
 * A verifier for strict canonical JWS compact serialisation (RFC 7515 §7.1, RFC 8725 §3): three unpadded base64url
 * parts without stray bits, objects in UTF-8 without duplicate members, a key found by `kid` alone, whose own algorithm
 * must be the header's. Headers are the same for every token of a key, so the last few are kept once parsed.
 */
export const createVerifier = (ring: VerifyingRing): Verifier => {
  const keys = new Map<string, VerificationKey>(
    ring.keys.flatMap((key) => verificationKeys(key).map((ready) => [key.kid, ready] as const)),
  )
  const headers = new Map<string, JoseHeader>()

  const headerOf = (part: string): JoseHeader | undefined => {
    const known = headers.get(part)
    if (known) return known
    const header = readHeader(part)
    if (header && keys.has(header.kid)) {
      if (headers.size >= HEADERS_KEPT) headers.clear()
      headers.set(part, header)
    }
    return header
  }

  return (token) => {
    const text = token.reveal()
    const first = text.indexOf('.')
    const second = text.indexOf('.', first + 1)
    if (first <= 0 || second < 0 || text.indexOf('.', second + 1) >= 0) return err('token_malformed')
    const header = headerOf(text.slice(0, first))
    if (!header) return err('token_malformed')
    const key = keys.get(header.kid)
    if (!key) return isCanonical(text.slice(second + 1)) ? err('kid_unknown') : err('token_malformed')
    if (key.algorithm !== header.alg) return err('algorithm_mismatch')
    if (!signatureIsGood(key, text.slice(0, second), text.slice(second + 1))) return err('signature_invalid')
    const payload = readObject(text.slice(first + 1, second))
    return payload ? ok({ kid: header.kid, payload }) : err('token_malformed')
  }
}

/** None for a key this Node cannot use: its tokens are refused, and every other key goes on. */
const verificationKeys = (key: NamedKey): readonly VerificationKey[] => {
  const { kid, algorithm } = key
  if (algorithm === 'HS512')
    return [{ kid, algorithm, key: createSecretKey(Buffer.from(key.secret.reveal(), 'base64url')) }]
  const publicKey = publicKeyObject(key)
  return publicKey ? [{ kid, algorithm, key: publicKey }] : []
}

const signatureIsGood = ({ algorithm, key }: VerificationKey, signed: string, signature: string): boolean =>
  algorithm === 'HS512' ? macIsGood(key, signed, signature) : pairIsGood(algorithm, key, signed, signature)

/** Compares the text of the signature, so that no second spelling of the same bytes is accepted. */
const macIsGood = (key: KeyObject, signed: string, signature: string): boolean => {
  const expected = Buffer.from(createHmac('sha512', key).update(signed).digest('base64url'))
  const presented = Buffer.from(signature)
  return presented.length === expected.length && timingSafeEqual(presented, expected)
}

/** One spelling of the signature, of the one length its algorithm has; `verify` refuses an S that is not reduced. */
const pairIsGood = (
  algorithm: AsymmetricAlgorithm,
  key: KeyObject,
  signed: string,
  signature: string,
): boolean => {
  const bytes = Buffer.from(signature, 'base64url')
  if (bytes.length !== SIGNATURE_BYTES[algorithm] || bytes.toString('base64url') !== signature) return false
  return verify(DIGEST[algorithm], Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, bytes)
}

interface JoseHeader {
  readonly alg: string
  readonly kid: string
}

const readHeader = (part: string): JoseHeader | undefined => {
  const header = readObject(part)
  if (!header || REFUSED_HEADER_MEMBERS.some((member) => Object.hasOwn(header, member))) return undefined
  const { alg, kid, typ } = header
  if (typeof alg !== 'string' || typeof kid !== 'string' || typeof typ !== 'string') return undefined
  return TYPES.has(typ.toLowerCase()) ? { alg, kid } : undefined
}

const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part

const readObject = (part: string): Record<string, unknown> | undefined => {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') !== part) return undefined
  const text = bytes.toString()
  if (!isUtf8(text, bytes)) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!isPlainlyUnique(value, text) && hasDuplicateMember(text)) return undefined
    return value as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** What is not UTF-8 decodes to U+FFFD, which may stand there of its own right too. Importing `node:buffer` takes longer. */
const isUtf8 = (text: string, bytes: Buffer): boolean =>
  !text.includes('\uFFFD') || Buffer.from(text).equals(bytes)

/**
 * Without escapes and space, every member is spelled `"name":`. When there are as many `":` as the object has names, none
 * came twice; nested objects, and strings that begin with a colon, only make it more. All others are looked through.
 */
const isPlainlyUnique = (value: object, text: string): boolean => {
  if (SPACE_OR_ESCAPE.some((character) => text.includes(character))) return false
  let count = 0
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) count++
  return count === Object.keys(value).length
}

const SPACE_OR_ESCAPE = ['\\', ' ', '\t', '\n', '\r'] as const
