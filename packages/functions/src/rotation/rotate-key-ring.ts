import type { Cause } from '@countersign/core/events'
import { type RotationFailure, SigningKey } from '@countersign/core/signing-key'
import type { SecretsManagerRotationEvent } from 'aws-lambda'
import { recordKeyFacts } from '../runtime/key-log.ts'
import { lambda } from '../runtime/lambda.ts'
import { type RotationServices, refused, rotationContext } from '../runtime/rotating.ts'
import type { Services } from '../runtime/services.ts'

/** One step of a rotation, as Secrets Manager asks for it. A refused step throws, so that Secrets Manager knows. */
export const make =
  (services: RotationServices & Pick<Services, 'clock'>) =>
  async ({ Step, ClientRequestToken }: SecretsManagerRotationEvent): Promise<void> => {
    const now = services.clock()
    const cause: Cause = { actor: 'secrets-manager', correlationId: ClientRequestToken, now }
    const context = rotationContext(services, now)
    switch (Step) {
      case 'createSecret': {
        const created = await SigningKey.createSecret(ClientRequestToken, context)
        return created.ok ? undefined : fail(services, ClientRequestToken, Step, created.error, cause)
      }
      case 'setSecret':
        return // The ring is the secret itself: there is no other system to tell.
      case 'testSecret': {
        const tested = await SigningKey.testSecret(ClientRequestToken, context)
        return tested.ok ? undefined : fail(services, ClientRequestToken, Step, tested.error, cause)
      }
      case 'finishSecret': {
        const finished = await SigningKey.finishSecret(ClientRequestToken, context)
        if (!finished.ok) return fail(services, ClientRequestToken, Step, finished.error, cause)
        await recordKeyFacts(services, cause)
      }
    }
  }

export const handler = lambda(make)

const fail = async (
  services: RotationServices,
  rotationId: string,
  step: string,
  failure: RotationFailure,
  cause: Cause,
): Promise<never> => {
  await refused(services, rotationId, step, failure, cause)
  throw new Error(`the rotation stopped at ${step}: ${failure.reason}`)
}
