import type { Cause } from '@countersign/core/events'
import { fact } from '@countersign/core/events'
import { type Algorithm, DEFAULT_ALGORITHM, err, ok, type Result } from '@countersign/core/shared'
import type { KeyMaterial, RotationContext, RotationFailure } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Signing from '@countersign/core/signing-key/signing'
import { recordKeyFacts } from './key-log.ts'
import { readKeyRing } from './mint.ts'
import type { Refusal } from './problem.ts'
import { nextRotationId } from './rotation-id.ts'
import type { Services } from './services.ts'

export type RotationServices = Pick<Services, 'ledger' | 'keyRing' | 'newId' | 'randomBytes' | 'settings'>

/** What a rotation is for, besides its time having come. */
export interface RotationWish {
  /** The key to be rid of. */
  readonly compromised?: string
  /** Of the new key; the configured one unless given. */
  readonly algorithm?: Algorithm | undefined
  /** Of the new key, when it was made elsewhere. */
  readonly material?: KeyMaterial
}

export const rotationContext = (
  { keyRing, newId, randomBytes, settings }: RotationServices,
  now: Date,
  {
    compromised,
    material,
    algorithm = material?.algorithm ?? settings.signingAlgorithm ?? DEFAULT_ALGORITHM,
  }: RotationWish = {},
): RotationContext => ({
  store: keyRing,
  newId,
  randomBytes,
  algorithm,
  now,
  refreshSeconds: settings.ringRefreshSeconds,
  ...(compromised !== undefined && { compromised }),
  ...(material && { material }),
})

/** All four steps and the log; what failed is an event too. */
export const rotateNow = async (
  services: RotationServices,
  rotationId: string,
  cause: Cause,
  wish: RotationWish = {},
): Promise<Result<SigningKey.SigningKey, Refusal>> => {
  const context = rotationContext(services, cause.now, wish)
  const takenUp = await takeUp(rotationId, context)
  const rotated = takenUp.key ? ok(takenUp.key) : await Signing.rotate(takenUp.rotationId, context)
  if (!rotated.ok) return refused(services, rotationId, 'rotate', overtaken(rotated.error), cause)
  await recordKeyFacts(services, cause)
  return ok(rotated.value)
}

interface TakenUp {
  readonly rotationId: string
  /** Of a rotation that was finished before. */
  readonly key?: SigningKey.SigningKey
}

/** How many rotations of one command may have died, each too long ago to be finished. */
const ATTEMPTS = 10

/**
 * Under which id a repeated command goes on: its own, as long as what it staged can still be finished. A staged ring
 * that lay about for too long, or that others have rotated past, would refuse every repetition for ever.
 */
const takeUp = async (rotationId: string, context: RotationContext): Promise<TakenUp> => {
  let id = rotationId
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const staged = await context.store.version(id)
    if (!staged || (await Signing.testSecret(id, context)).ok) break
    const key = SigningKey.readRing(staged).keys.at(-1)
    const ring = await readKeyRing({ keyRing: context.store })
    if (ring.keys.some(({ kid }) => kid === key?.kid)) return { rotationId: id, ...(key && { key }) }
    id = nextRotationId(id)
  }
  return { rotationId: id }
}

/** A ring that was staged a moment ago and lacks a key, or is gone, was overtaken by another rotation. */
const overtaken = (failure: RotationFailure): RotationFailure =>
  failure.reason === 'rotation_loses_keys' || failure.reason === 'rotation_not_started'
    ? { reason: 'rotation_superseded' }
    : failure

type OfTheCaller = Extract<
  RotationFailure['reason'],
  'rotation_superseded' | 'key_ring_full' | 'algorithm_unavailable'
>

const isOfTheCaller = (reason: RotationFailure['reason']): reason is OfTheCaller =>
  reason === 'rotation_superseded' || reason === 'key_ring_full' || reason === 'algorithm_unavailable'

export const refused = async (
  services: RotationServices,
  rotationId: string,
  step: string,
  { reason }: RotationFailure,
  cause: Cause,
): Promise<Result<never, Refusal>> => {
  await recordKeyFacts(services, cause, () => [
    fact('key-ring.rotation-failed', { rotationId, step, reason }),
  ])
  return err(isOfTheCaller(reason) ? { reason } : { reason: 'rotation_failed', detail: reason })
}
