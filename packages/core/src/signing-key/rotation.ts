import { createHmac } from 'node:crypto'
import { epochSeconds } from '../shared/duration.ts'
import type { NewId } from '../shared/id.ts'
import { Redacted } from '../shared/redacted.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { createVerifier } from './jws.ts'
import type { KeyRingStore } from './key-ring-store.ts'
import {
  EMPTY_RING,
  type KeyRing,
  lostKeys,
  type RotationTiming,
  type SigningKey,
  signingKey,
  withNewKey,
} from './ring.ts'
import { readRing, SECRET_BYTES, writeRing } from './secret.ts'

/** What a rotation needs of the world. */
export interface RotationContext extends RotationTiming {
  readonly store: KeyRingStore
  readonly newId: NewId
  /** From a CSPRNG. */
  readonly randomBytes: (count: number) => Uint8Array
}

export type RotationFailure =
  | { readonly reason: 'rotation_not_started' }
  | { readonly reason: 'rotation_superseded' }
  | { readonly reason: 'rotation_loses_keys'; readonly kids: readonly string[] }
  | { readonly reason: 'canary_refused'; readonly kid: string }
  | { readonly reason: 'rotation_too_late' }

/**
 * The four steps of a Secrets Manager rotation. `rotationId` is its ClientRequestToken and the new version's id. Every
 * step may be repeated, and may die half-way: the next call of the same step goes on where it stopped.
 */
export const createSecret = async (rotationId: string, context: RotationContext): Promise<void> => {
  if (await context.store.version(rotationId)) return
  const current = await currentRing(context.store)
  const key = {
    kid: context.newId('key'),
    secret: new Redacted(Buffer.from(context.randomBytes(SECRET_BYTES)).toString('base64url')),
  }
  await context.store.stage(rotationId, writeRing(withNewKey(current.ring, key, context)))
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
  const verify = createVerifier(next)
  const refused = next.keys.find((key) => !verify(canary(key)).ok)
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
  await createSecret(rotationId, context)
  const tested = await testSecret(rotationId, context)
  return tested.ok ? finishSecret(rotationId, context) : tested
}

/** A rotation that lay about: its key would sign before every authorizer has had an occasion to learn of it. */
const isTooLate = (
  next: KeyRing,
  current: KeyRing,
  { now, refreshSeconds, compromised }: RotationTiming,
): boolean => {
  const added = next.keys.at(-1)
  if (!added || compromised !== undefined || !signingKey(current, now)) return false
  return added.signsFrom - refreshSeconds < epochSeconds(now)
}

const currentRing = async (
  store: KeyRingStore,
): Promise<{ ring: KeyRing; versionId: string | undefined }> => {
  const current = await store.current()
  return { ring: current ? readRing(current.text) : EMPTY_RING, versionId: current?.versionId }
}

const canary = ({ kid, algorithm, secret }: SigningKey): Redacted<string> => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: algorithm, kid, typ: 'JWT' })}.${encode({ canary: kid })}`
  const signature = createHmac('sha512', Buffer.from(secret.reveal(), 'base64url'))
    .update(signed)
    .digest('base64url')
  return new Redacted(`${signed}.${signature}`)
}
