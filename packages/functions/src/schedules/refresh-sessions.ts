import { identities } from '../runtime/connectors/identities.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { refreshSessions } from '../runtime/session-refresh.ts'

/** Asks the directories again about everybody who has a session. Fails when not everybody could be asked about, and is run again. */
export const make =
  (services: Pick<Services, 'ledger' | 'identities' | 'newId' | 'randomBytes' | 'clock' | 'log'>) =>
  async (): Promise<void> => {
    const cause = { actor: 'schedule', correlationId: services.newId('event'), now: services.clock() }
    const { asked, failed, left } = await refreshSessions(services, cause)
    if (failed + left > 0)
      throw new Error(`of ${asked + left} people, ${failed} could not be asked about and ${left} were left`)
  }

export const handler = lambda(make, { identities, ledger })
