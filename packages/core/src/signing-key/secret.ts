import { type Algorithm, isAlgorithm } from '../shared/algorithm.ts'
import { isId } from '../shared/id.ts'
import { Redacted } from '../shared/redacted.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { PUBLIC_KEY_BYTES } from './public-key.ts'
import type { KeyMaterial, KeyRing, SigningKey } from './ring.ts'

/** Of the secret half. HS512: as many as the hash puts out (RFC 7518 §3.2). */
export const SECRET_BYTES = {
  HS512: 64,
  EdDSA: 32,
  ES256: 32,
  'ML-DSA-44': 32,
} as const satisfies Record<Algorithm, number>

/** The SHA-512 of a newline, in hexadecimal: what `echo | openssl sha512`, a widely read guide's recipe, prints. */
const KNOWN_SECRET =
  'be688838ca8686e5c90689bf2ab585cef1137c999b48c70b92f67a5c34dc15697b5d11c982ed6d71be1e1e7f7b4e0733884aa97c3f7a339a8ed03577cf74be09'
const KNOWN_SECRET_BYTES = Buffer.from(KNOWN_SECRET, 'hex')

export type WeakSecret = 'secret_too_short' | 'secret_low_entropy' | 'secret_known'

export type ImportRefusal = WeakSecret | 'secret_malformed'

/** Refuses secrets that somebody else could know or guess. `least`: the least it may have. */
export const checkSecret = (
  secret: Redacted<Uint8Array>,
  least: number = SECRET_BYTES.HS512,
): Result<void, WeakSecret> => {
  const bytes = secret.reveal()
  if (isKnown(bytes)) return err('secret_known')
  if (bytes.length < least) return err('secret_too_short')
  return new Set(bytes).size < least / 4 ? err('secret_low_entropy') : ok(undefined)
}

/** As bytes, or as its hexadecimal text. */
const isKnown = (bytes: Uint8Array): boolean =>
  KNOWN_SECRET_BYTES.equals(bytes) ||
  (bytes.length >= KNOWN_SECRET.length &&
    Buffer.from(bytes).toString('latin1').trim().toLowerCase() === KNOWN_SECRET)

/** A secret that was made elsewhere, as the material of a key; unpadded base64url. */
export const importedMaterial = (secret: Redacted<string>): Result<KeyMaterial, ImportRefusal> => {
  const bytes = Buffer.from(secret.reveal(), 'base64url')
  if (bytes.toString('base64url') !== secret.reveal()) return err('secret_malformed')
  const checked = checkSecret(new Redacted(bytes))
  return checked.ok ? ok({ algorithm: 'HS512', secret }) : checked
}

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
  const { kid, createdAt, signsFrom, ...material } = (value ?? {}) as Record<string, unknown>
  if (!isId('key', kid)) throw unreadable()
  if (!Number.isSafeInteger(createdAt) || !Number.isSafeInteger(signsFrom)) throw unreadable()
  return { kid, ...readMaterial(material), createdAt: createdAt as number, signsFrom: signsFrom as number }
}

const readMaterial = ({ algorithm, secret, publicKey }: Record<string, unknown>): KeyMaterial => {
  if (!isAlgorithm(algorithm)) throw unreadable()
  const bytes = bytesOf(secret)
  const length = SECRET_BYTES[algorithm]
  if (!checkSecret(new Redacted(bytes), length).ok) throw unreadable()
  const read = new Redacted(secret as string)
  if (algorithm === 'HS512') return { algorithm, secret: read }
  if (bytes.length !== length || bytesOf(publicKey).length !== PUBLIC_KEY_BYTES[algorithm]) throw unreadable()
  return { algorithm, secret: read, publicKey: publicKey as string }
}

/** Of unpadded base64url in its one canonical spelling. */
const bytesOf = (text: unknown): Buffer => {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64url') : undefined
  if (bytes?.toString('base64url') !== text || !bytes) throw unreadable()
  return bytes
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
