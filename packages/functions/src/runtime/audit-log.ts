import { DamagedLog, type EventPage, type EventQuery } from '@countersign/core/ledger'
import { err, ok, type Result } from '@countersign/core/shared'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

/** A page of the log. What cannot be read is said, and holds up no other entity. */
export const eventsOf = async (
  { ledger, log }: Pick<Services, 'ledger' | 'log'>,
  query: EventQuery,
): Promise<Result<EventPage, Refusal>> => {
  try {
    return ok(await ledger.events(query))
  } catch (error) {
    if (!(error instanceof DamagedLog)) throw error
    log({ level: 'error', message: 'the log is damaged', error: error.message })
    return err({ reason: 'log_damaged', detail: error.message })
  }
}
