import type { KeyObject } from 'node:crypto'
import { epochSeconds } from '../shared/duration.ts'
import { LONGEST_TOKEN_SECONDS } from '../shared/environment.ts'
import type { Id } from '../shared/id.ts'
import type { Redacted } from '../shared/redacted.ts'

/** HS512: only issuer and authorizer hold the key. */
export type Algorithm = 'HS512'

/** A key as the secret holds it. */
export interface SigningKey {
  readonly kid: Id<'key'>
  readonly algorithm: Algorithm
  /** 64 bytes, unpadded base64url. */
  readonly secret: Redacted<string>
  /** NumericDates. From `signsFrom` on it signs, until a newer one does. */
  readonly createdAt: number
  readonly signsFrom: number
}

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
}

/** The ring with a new key that signs once every authorizer has had two occasions to learn of it; without retired ones. */
export const withNewKey = (
  ring: KeyRing,
  key: Pick<SigningKey, 'kid' | 'secret'>,
  { now, refreshSeconds, compromised }: RotationTiming,
): KeyRing => {
  const createdAt = epochSeconds(now)
  const kept = ring.keys.filter((old) => stateOf(ring, old, now) !== 'retired' && old.kid !== compromised)
  const atOnce = signingKey({ keys: kept }, now) === undefined || compromised !== undefined
  const signsFrom = atOnce ? createdAt : createdAt + 2 * refreshSeconds
  return { keys: [...kept, { ...key, algorithm: 'HS512', createdAt, signsFrom }] }
}

/** The keys that may still be needed and that `next` does not have as they are: a rotation that loses one must fail. */
export const lostKeys = (
  current: KeyRing,
  next: KeyRing,
  { now, compromised }: Pick<RotationTiming, 'now' | 'compromised'>,
): readonly string[] =>
  current.keys
    .filter((key) => stateOf(current, key, now) !== 'retired' && key.kid !== compromised)
    .filter((key) => !next.keys.some((other) => sameKey(key, other)))
    .map(({ kid }) => kid)

const sameKey = (a: SigningKey, b: SigningKey): boolean =>
  a.kid === b.kid && a.signsFrom === b.signsFrom && a.secret.reveal() === b.secret.reveal()

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

/** A key ready for use; `node:crypto` verifies several times faster with a `KeyObject` than with bytes. */
export interface VerificationKey {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly key: KeyObject
}
