import { isId } from '../shared/id.ts'
import { Redacted } from '../shared/redacted.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { KeyRing, SigningKey } from './ring.ts'

/** Bytes of an HS512 key: as many as the hash puts out (RFC 7518 §3.2). */
export const SECRET_BYTES = 64

/** The SHA-512 of a newline, in hexadecimal: what `echo | openssl sha512`, a widely read guide's recipe, prints. */
const KNOWN_SECRET =
  'be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc15697b5d11c982ed6d71be1e1e7f7b4e0733884aa97c3f7a339a8ed03577cf74be09'

export type WeakSecret = 'secret_too_short' | 'secret_low_entropy' | 'secret_known'

/** Refuses secrets that somebody else could know or guess. */
export const checkSecret = (secret: Redacted<Uint8Array>): Result<void, WeakSecret> => {
  const bytes = Buffer.from(secret.reveal())
  if (isKnown(bytes)) return err('secret_known')
  if (bytes.length < SECRET_BYTES) return err('secret_too_short')
  return new Set(bytes).size < SECRET_BYTES / 4 ? err('secret_low_entropy') : ok(undefined)
}

const isKnown = (bytes: Buffer): boolean =>
  [bytes.toString('hex'), bytes.toString('latin1').trim().toLowerCase()].includes(KNOWN_SECRET)

/** The secret's text: `{"version":1,"keys":[…]}`. Goes to Secrets Manager (or its local stand-in) and nowhere else. */
export const writeRing = (ring: KeyRing): Redacted<string> => {
  const keys = ring.keys.map((key) => ({ ...key, secret: key.secret.reveal() }))
  return new Redacted(JSON.stringify({ version: 1, keys }))
}

/** Parses the secret's text. Hand-written: the authorizer's bundle holds no validation library. */
export const readRing = (text: Redacted<string>): KeyRing => {
  const parsed = parseObject(text.reveal())
  if (parsed?.version !== 1 || !Array.isArray(parsed.keys)) throw unreadable()
  const keys = parsed.keys.map(readKey)
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw unreadable()
  return { keys }
}

const readKey = (value: unknown): SigningKey => {
  const { kid, algorithm, secret, createdAt, signsFrom } = (value ?? {}) as Record<string, unknown>
  if (!isId('key', kid) || algorithm !== 'HS512' || typeof secret !== 'string') throw unreadable()
  if (!Number.isSafeInteger(createdAt) || !Number.isSafeInteger(signsFrom)) throw unreadable()
  const bytes = Buffer.from(secret, 'base64url')
  if (bytes.toString('base64url') !== secret || !checkSecret(new Redacted(bytes)).ok) throw unreadable()
  return {
    kid,
    algorithm,
    secret: new Redacted(secret),
    createdAt: createdAt as number,
    signsFrom: signsFrom as number,
  }
}

const parseObject = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Says nothing of what was read: an error message is a place a secret leaks from. */
const unreadable = () => new Error('the key ring cannot be read: not version 1, or a key in it is malformed')
