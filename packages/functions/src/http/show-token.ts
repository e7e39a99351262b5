import { err, ok } from '@countersign/core/shared'
import { lastUses } from '../runtime/accounting.ts'
import { accessRows } from '../runtime/connectors/access-rows.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadToken } from '../runtime/entities.ts'
import { fencedBecause } from '../runtime/fenced.ts'
import { httpHandler } from '../runtime/http.ts'
import { TokenPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { tokenView } from '../runtime/views.ts'

export const make = (services: Pick<Services, 'ledger' | 'accessRows' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: TokenPath }, services, async ({ path, cause }) => {
    const { state, version } = await loadToken(services.ledger, path.id)
    if (!state) return err({ reason: 'token_not_found' })
    const used = await lastUses(services.ledger, [path.id])
    const refusedBecause = await fencedBecause(services, state)
    const view = tokenView(state, cause.now, used.get(path.id))
    return ok({ status: 200, body: { ...view, ...(refusedBecause && { refusedBecause }) }, version })
  })

export const handler = lambda(make, { accessRows, ledger })
