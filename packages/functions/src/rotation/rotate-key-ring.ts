import type { Cause } from '@countersign/core/events'
import type { SecretsManagerRotationEvent } from 'aws-lambda'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { recordKeyFacts } from '../runtime/key-log.ts'
import { lambda } from '../runtime/lambda.ts'
import { type RotationServices, refused, rotationContext } from '../runtime/rotating.ts'
import { rotationStep } from '../runtime/rotation-step.ts'
import type { Services } from '../runtime/services.ts'

/** What signs tokens. */
export const make =
  (services: RotationServices & Pick<Services, 'clock'>) =>
  (event: SecretsManagerRotationEvent): Promise<void> => {
    const { ClientRequestToken } = event
    const now = services.clock()
    const cause: Cause = { actor: 'secrets-manager', correlationId: ClientRequestToken, now }
    return rotationStep(event, {
      context: rotationContext(services, now),
      record: () => recordKeyFacts(services, cause),
      refuse: (step, failure) => refused(services, ClientRequestToken, step, failure, cause),
    })
  }

export const handler = lambda(make, { keyRing, ledger, settings })
