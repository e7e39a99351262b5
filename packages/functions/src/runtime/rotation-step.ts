import type { RotationContext, RotationFailure } from '@countersign/core/signing-key'
import * as Signing from '@countersign/core/signing-key/signing'
import type { SecretsManagerRotationEvent } from 'aws-lambda'

/** Keys that rotate, and the log that is kept of them. */
export interface Rotated {
  readonly context: RotationContext
  /** Says what the keys imply and the log lacks. */
  readonly record: () => Promise<unknown>
  readonly refuse: (step: string, failure: RotationFailure) => Promise<unknown>
}

/** One step of a rotation, as Secrets Manager asks for it. A refused step throws, so that Secrets Manager knows. */
export const rotationStep = async (
  { Step, ClientRequestToken }: SecretsManagerRotationEvent,
  { context, record, refuse }: Rotated,
): Promise<void> => {
  const fail = async (failure: RotationFailure): Promise<never> => {
    await refuse(Step, failure)
    throw new Error(`the rotation stopped at ${Step}: ${failure.reason}`)
  }
  switch (Step) {
    case 'createSecret': {
      const created = await Signing.createSecret(ClientRequestToken, context)
      return created.ok ? undefined : fail(created.error)
    }
    case 'setSecret':
      return // The keys are the secret itself: there is no other system to tell.
    case 'testSecret': {
      const tested = await Signing.testSecret(ClientRequestToken, context)
      return tested.ok ? undefined : fail(tested.error)
    }
    case 'finishSecret': {
      const finished = await Signing.finishSecret(ClientRequestToken, context)
      if (!finished.ok) return fail(finished.error)
      await record()
    }
  }
}
