import type { Algorithm } from '../shared/algorithm.ts'
import { epochSeconds } from '../shared/duration.ts'
import type { NewId } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { createVerifier } from './jws.ts'
import { newKeyMaterial, type RandomBytes } from './key-material.ts'
import type { KeyRingStore } from './key-ring-store.ts'
import { isAvailable } from './public-key.ts'
import {
  EMPTY_RING,
  isFull,
  type KeyMaterial,
  type KeyRing,
  lostKeys,
  type RotationTiming,
  type SigningKey,
  signingKey,
  withNewKey,
} from './ring.ts'
import { readRing, writeRing } from './secret.ts'
import { signJws } from './sign.ts'

/** What a rotation needs of the world. */
export interface RotationContext extends RotationTiming {
  readonly store: KeyRingStore
  readonly newId: NewId
  readonly randomBytes: RandomBytes
  /** Of the key to come; those of the ring stay what they are. */
  readonly algorithm: Algorithm
  /** Brought from elsewhere; made here unless given. */
  readonly material?: KeyMaterial
}

export type RotationFailure =
  | { readonly reason: 'rotation_not_started' }
  | { readonly reason: 'rotation_superseded' }
  | { readonly reason: 'rotation_loses_keys'; readonly kids: readonly string[] }
  | { readonly reason: 'canary_refused'; readonly kid: string }
  | { readonly reason: 'rotation_too_late' }
  | { readonly reason: 'key_ring_full' }
  | { readonly reason: 'algorithm_unavailable' }

/**
 * The four steps of a Secrets Manager rotation. `rotationId` is its ClientRequestToken and the new version's id. Every
 * step may be repeated, and may die half-way: the next call of the same step goes on where it stopped.
 */
export const createSecret = async (
  rotationId: string,
  context: RotationContext,
): Promise<Result<void, RotationFailure>> => {
  if (await context.store.version(rotationId)) return ok(undefined)
  if (!isAvailable(context.algorithm)) return err({ reason: 'algorithm_unavailable' })
  const { ring } = await currentRing(context.store)
  if (isFull(ring, context)) return err({ reason: 'key_ring_full' })
  const material = context.material ?? (await newKeyMaterial(context.algorithm, context.randomBytes))
  const next = withNewKey(ring, { kid: context.newId('key'), ...material }, context)
  await context.store.stage(rotationId, writeRing(next))
  return ok(undefined)
}

/** Proves, before anybody relies on it, that the new ring signs and verifies and has every key still in use. */
export const testSecret = async (
  rotationId: string,
  context: RotationContext,
): Promise<Result<void, RotationFailure>> => {
  const text = await context.store.version(rotationId)
  if (!text) return err({ reason: 'rotation_not_started' })
  const next = readRing(text)
  const current = await currentRing(context.store)
  const kids = lostKeys(current.ring, next, context)
  if (kids.length > 0) return err({ reason: 'rotation_loses_keys', kids })
  if (current.versionId !== rotationId && isTooLate(next, current.ring, context))
    return err({ reason: 'rotation_too_late' })
  const refused = await firstRefused(next)
  return refused ? err({ reason: 'canary_refused', kid: refused.kid }) : ok(undefined)
}

/** Makes the new ring the current one, unless another rotation was faster. Returns the key it added. */
export const finishSecret = async (
  rotationId: string,
  context: RotationContext,
): Promise<Result<SigningKey, RotationFailure>> => {
  const text = await context.store.version(rotationId)
  const added = text && readRing(text).keys.at(-1)
  if (!added) return err({ reason: 'rotation_not_started' })
  const current = await currentRing(context.store)
  if (current.versionId === rotationId) return ok(added)
  const tested = await testSecret(rotationId, context)
  if (!tested.ok) return tested
  const promoted = await context.store.promote(rotationId, current.versionId)
  return promoted.ok ? ok(added) : promoted
}

/** All four, one after the other, as the HTTP command and the local schedule run them. */
export const rotate = async (
  rotationId: string,
  context: RotationContext,
): Promise<Result<SigningKey, RotationFailure>> => {
  const created = await createSecret(rotationId, context)
  if (!created.ok) return created
  const tested = await testSecret(rotationId, context)
  return tested.ok ? finishSecret(rotationId, context) : tested
}

/**
 * A rotation that lay about: its key would sign before every authorizer has had an occasion to learn of it. A ring without
 * an interval is read when a key of it is met, and nothing in it comes too late.
 */
const isTooLate = (
  next: KeyRing,
  current: KeyRing,
  { now, refreshSeconds, compromised }: RotationTiming,
): boolean => {
  const added = next.keys.at(-1)
  if (!added || refreshSeconds === 0 || compromised !== undefined || !signingKey(current, now)) return false
  return added.signsFrom - refreshSeconds < epochSeconds(now)
}

const currentRing = async (
  store: KeyRingStore,
): Promise<{ ring: KeyRing; versionId: string | undefined }> => {
  const current = await store.current()
  return { ring: current ? readRing(current.text) : EMPTY_RING, versionId: current?.versionId }
}

/** Signs with the secret half of every key, as tokens are signed, and verifies with the public one, as the authorizer does. */
const firstRefused = async (ring: KeyRing): Promise<SigningKey | undefined> => {
  const verify = createVerifier(ring)
  for (const key of ring.keys) {
    if (!isAvailable(key.algorithm) || !verify(await signJws(key, 'JWT', { canary: key.kid })).ok) return key
  }
  return undefined
}
