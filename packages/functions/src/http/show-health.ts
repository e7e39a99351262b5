import { err, ok, Unavailable } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadKeyLog } from '../runtime/entities.ts'
import { causesOf, httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/** Healthy is who can read the ledger and could write to it. What is wrong is said in words that are for everybody. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({}, services, async ({ cause }) => {
    try {
      await loadKeyLog(services.ledger)
      await services.ledger.probe()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      services.log({ level: 'error', message: 'the store is not healthy', error: causesOf(error) })
      const { plainly } = error
      return err({ reason: 'store_unavailable', ...(plainly !== undefined && { detail: plainly }) })
    }
    return ok({ status: 200, body: { status: 'ok', time: cause.now.toISOString() } })
  })

export const handler = lambda(make, { ledger })
