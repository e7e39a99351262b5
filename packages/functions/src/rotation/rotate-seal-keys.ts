import { type Cause, fact } from '@countersign/core/events'
import type { SecretsManagerRotationEvent } from 'aws-lambda'
import { sealKeys } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { lambda } from '../runtime/lambda.ts'
import { rotationStep } from '../runtime/rotation-step.ts'
import { recordSealKeys, type SealKeyServices, sealKeyRotation } from '../runtime/seal-keys.ts'

/** What seals the audit log. */
export const make =
  (services: SealKeyServices) =>
  (event: SecretsManagerRotationEvent): Promise<void> => {
    const { ClientRequestToken: rotationId } = event
    const now = services.clock()
    const cause: Cause = { actor: 'secrets-manager', correlationId: rotationId, now }
    return rotationStep(event, {
      context: sealKeyRotation(services, now),
      record: () => recordSealKeys(services, cause),
      refuse: (step, { reason }) =>
        recordSealKeys(services, cause, [fact('seal-key.rotation-failed', { rotationId, step, reason })]),
    })
  }

export const handler = lambda(make, { ledger, sealKeys, settings })
