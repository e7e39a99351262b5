import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadSeal } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { DayPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { sealView } from '../runtime/views.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: DayPath }, services, async ({ path }) => {
    const { state } = await loadSeal(services.ledger, path.day)
    return state ? ok({ status: 200, body: sealView(state) }) : err({ reason: 'seal_not_found' })
  })

export const handler = lambda(make, { ledger })
