import type { Seal } from '@countersign/core/audit'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'
import { sealView } from '../runtime/views.ts'

const Query = z.strictObject(PageQuery)

/** The oldest first, as each holds the hash of the one before. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor } }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const page = await services.ledger.list<Seal>('seal', { labels: [], limit, after: after.value })
    return ok({ status: 200, body: pageView(page, ({ state }) => sealView(state)) })
  })

export const handler = lambda(make, { ledger })
