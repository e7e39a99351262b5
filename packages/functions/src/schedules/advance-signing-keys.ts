import { keyRing, ledger, settings } from '../runtime/connectors.ts'
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
