import { ok } from '@countersign/core/shared'
import { loadKeyLog } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/** Healthy is who can read the ledger. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({}, services, async ({ cause }) => {
    await loadKeyLog(services.ledger)
    return ok({ status: 200, body: { status: 'ok', time: cause.now.toISOString() } })
  })

export const handler = lambda(make)
