import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { recordKeyFacts } from '../runtime/key-log.ts'
import { lambda } from '../runtime/lambda.ts'
import { ridOfCompromised } from '../runtime/ridding.ts'
import type { RotationServices } from '../runtime/rotating.ts'
import type { Services } from '../runtime/services.ts'

/** Says what the clock has brought about in the key ring, and finishes what an emergency left half done. */
export const make = (services: RotationServices & Pick<Services, 'clock'>) => async (): Promise<void> => {
  const cause = { actor: 'schedule', correlationId: services.newId('event'), now: services.clock() }
  await ridOfCompromised(services, cause)
  await recordKeyFacts(services, cause)
}

export const handler = lambda(make, { keyRing, ledger, settings })
