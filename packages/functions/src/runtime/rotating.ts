import type { Cause } from '@countersign/core/events'
import { fact } from '@countersign/core/events'
import { err, ok, type Result } from '@countersign/core/shared'
import { type RotationContext, type RotationFailure, SigningKey } from '@countersign/core/signing-key'
import { recordKeyFacts } from './key-log.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

export type RotationServices = Pick<Services, 'ledger' | 'keyRing' | 'newId' | 'randomBytes' | 'settings'>

export const rotationContext = (
  { keyRing, newId, randomBytes, settings }: RotationServices,
  now: Date,
  compromised?: string,
): RotationContext => ({
  store: keyRing,
  newId,
  randomBytes,
  now,
  refreshSeconds: settings.ringRefreshSeconds,
  ...(compromised !== undefined && { compromised }),
})

/** All four steps and the log; what failed is an event too. */
export const rotateNow = async (
  services: RotationServices,
  rotationId: string,
  cause: Cause,
  compromised?: string,
): Promise<Result<SigningKey.SigningKey, Refusal>> => {
  const rotated = await SigningKey.rotate(rotationId, rotationContext(services, cause.now, compromised))
  if (!rotated.ok) return refused(services, rotationId, 'rotate', rotated.error, cause)
  await recordKeyFacts(services, cause)
  return ok(rotated.value)
}

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
  return err(reason === 'rotation_superseded' ? { reason } : { reason: 'rotation_failed', detail: reason })
}
