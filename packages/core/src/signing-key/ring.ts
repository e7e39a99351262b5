import type { KeyObject } from 'node:crypto'
import type { Algorithm, AsymmetricAlgorithm } from '../shared/algorithm.ts'
import { epochSeconds } from '../shared/duration.ts'
import { LONGEST_TOKEN_SECONDS } from '../shared/environment.ts'
import type { Id } from '../shared/id.ts'
import type { Redacted } from '../shared/redacted.ts'

export type { Algorithm } from '../shared/algorithm.ts'

/** A key as the secret holds it. */
export type SigningKey = KeyMaterial & KeyLife

/** What signs and verifies, and for which algorithm; no key is ever used with another. */
export type KeyMaterial = SharedSecret | KeyHalves

interface SharedSecret {
  readonly algorithm: 'HS512'
  /** 64 bytes, unpadded base64url. */
  readonly secret: Redacted<string>
}

interface KeyHalves {
  readonly algorithm: AsymmetricAlgorithm
  /** 32 bytes, unpadded base64url: Ed25519's and ML-DSA's seed, P-256's scalar. */
  readonly secret: Redacted<string>
  /** Unpadded base64url; see `PUBLIC_KEY_BYTES`. */
  readonly publicKey: string
}

interface KeyLife {
  readonly kid: Id<'key'>
  /** NumericDates. From `signsFrom` on it signs, until a newer one does. */
  readonly createdAt: number
  readonly signsFrom: number
}

/** A key whose public half may be shown. */
export type KeyPair = KeyHalves & KeyLife

/** Every key that verifies, oldest first. */
export interface KeyRing {
  readonly keys: readonly SigningKey[]
}

/** Follows from the times alone, so that no flag can be wrong. */
export type KeyState = 'published' | 'signing' | 'verifying' | 'retired'

export const EMPTY_RING: KeyRing = { keys: [] }

/** The one key that signs at this instant: the newest whose time has come. */
export const signingKey = (ring: KeyRing, now: Date): SigningKey | undefined =>
  ring.keys
    .filter(({ signsFrom }) => signsFrom <= epochSeconds(now))
    .sort(bySignsFrom)
    .at(-1)

/** NumericDate until which the key verifies: the end of the last token it could have signed; undefined while it signs. */
export const verifiesUntil = (ring: KeyRing, key: SigningKey): number | undefined => {
  const successor = [...ring.keys].sort(bySignsFrom).find((other) => bySignsFrom(key, other) < 0)
  return successor && successor.signsFrom + LONGEST_TOKEN_SECONDS
}

export const stateOf = (ring: KeyRing, key: SigningKey, now: Date): KeyState => {
  if (key.signsFrom > epochSeconds(now)) return 'published'
  if (signingKey(ring, now)?.kid === key.kid) return 'signing'
  return (verifiesUntil(ring, key) ?? Infinity) > epochSeconds(now) ? 'verifying' : 'retired'
}

const bySignsFrom = (a: SigningKey, b: SigningKey): number =>
  a.signsFrom - b.signsFrom || a.createdAt - b.createdAt || (a.kid < b.kid ? -1 : 1)

export interface RotationTiming {
  readonly now: Date
  /** How often an authorizer looks at the ring again. */
  readonly refreshSeconds: number
  /** A key somebody else holds: it leaves the ring, and the new one signs from now on. */
  readonly compromised?: string
  /** Whether tokens of a key may still be alive; unless given, that follows from the ring and the longest token. */
  readonly isNeeded?: (key: SigningKey) => boolean
}

/**
 * How many keys a ring holds. A rotation a month needs thirteen, as long as tokens live for a year; the text of this
 * many ML-DSA keys is still within the 64 KiB that Secrets Manager keeps.
 */
export const MOST_KEYS = 30

/** No room for one more. A ring whose key was given up, or in which nothing signs, always has room for its successor. */
export const isFull = (ring: KeyRing, timing: Omit<RotationTiming, 'refreshSeconds'>): boolean => {
  const kept = keptKeys(ring, timing)
  return kept.length >= MOST_KEYS && !signsAtOnce(kept, timing)
}

const keptKeys = (
  ring: KeyRing,
  { now, compromised, isNeeded = isAlive(ring, now) }: Omit<RotationTiming, 'refreshSeconds'>,
): readonly SigningKey[] => ring.keys.filter((key) => isNeeded(key) && key.kid !== compromised)

const isAlive =
  (ring: KeyRing, now: Date) =>
  (key: SigningKey): boolean =>
    stateOf(ring, key, now) !== 'retired'

const signsAtOnce = (
  kept: readonly SigningKey[],
  { now, compromised }: Omit<RotationTiming, 'refreshSeconds'>,
): boolean => signingKey({ keys: kept }, now) === undefined || compromised !== undefined

/** The ring with a new key that signs once every authorizer has had two occasions to learn of it; without retired ones. */
export const withNewKey = (
  ring: KeyRing,
  key: KeyMaterial & Pick<KeyLife, 'kid'>,
  timing: RotationTiming,
): KeyRing => {
  const createdAt = epochSeconds(timing.now)
  const kept = keptKeys(ring, timing)
  const signsFrom = signsAtOnce(kept, timing) ? createdAt : createdAt + 2 * timing.refreshSeconds
  return { keys: [...kept, { ...key, createdAt, signsFrom }] }
}

/** The keys that may still be needed and that `next` does not have as they are: a rotation that loses one must fail. */
export const lostKeys = (
  current: KeyRing,
  next: KeyRing,
  { now, compromised, isNeeded = isAlive(current, now) }: Omit<RotationTiming, 'refreshSeconds'>,
): readonly string[] =>
  current.keys
    .filter((key) => isNeeded(key) && key.kid !== compromised)
    .filter((key) => !next.keys.some((other) => sameKey(key, other)))
    .map(({ kid }) => kid)

const sameKey = (a: SigningKey, b: SigningKey): boolean =>
  a.kid === b.kid &&
  a.algorithm === b.algorithm &&
  a.signsFrom === b.signsFrom &&
  a.secret.reveal() === b.secret.reveal() &&
  publicHalf(a) === publicHalf(b)

const publicHalf = (key: SigningKey): string | undefined =>
  key.algorithm === 'HS512' ? undefined : key.publicKey

/** What the world may know of a key. */
export interface KeyDescription {
  readonly kid: Id<'key'>
  readonly algorithm: Algorithm
  readonly state: KeyState
  readonly createdAt: number
  readonly signsFrom: number
  readonly verifiesUntil: number | undefined
}

export const describeRing = (ring: KeyRing, now: Date): readonly KeyDescription[] =>
  ring.keys.map((key) => ({
    kid: key.kid,
    algorithm: key.algorithm,
    state: stateOf(ring, key, now),
    createdAt: key.createdAt,
    signsFrom: key.signsFrom,
    verifiesUntil: verifiesUntil(ring, key),
  }))

/** A key ready for use: the secret of HS512, the public half of all others. A `KeyObject` verifies several times faster than bytes. */
export interface VerificationKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly key: KeyObject
}
