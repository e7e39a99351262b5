import { sealKeys } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { lambda } from '../runtime/lambda.ts'
import { recordSealKeys } from '../runtime/seal-keys.ts'
import { type SealingServices, sealDays } from '../runtime/sealing.ts'

/** Days of one run: after a long time without a run, the next ones go on. */
const MOST_AT_ONCE = 31

/**
 * Seals every day that is over. A day is sealed once; a run that died is gone on with by the next. Before, it says what
 * a rotation that died has not said of the keys.
 */
export const make = (services: SealingServices) => async (): Promise<void> => {
  const cause = { actor: 'schedule', correlationId: services.newId('event'), now: services.clock() }
  await recordSealKeys(services, cause)
  await sealDays(services, MOST_AT_ONCE)
}

export const handler = lambda(make, { ledger, sealKeys, settings })
