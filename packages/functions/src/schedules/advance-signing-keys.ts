import { recordKeyFacts } from '../runtime/key-log.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/** Says what the clock has brought about in the key ring: a key began to sign, a key is gone. */
export const make =
  (services: Pick<Services, 'ledger' | 'keyRing' | 'newId' | 'clock'>) => async (): Promise<void> => {
    const cause = { actor: 'schedule', correlationId: services.newId('event'), now: services.clock() }
    await recordKeyFacts(services, cause)
  }

export const handler = lambda(make)
