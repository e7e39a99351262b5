import { Slug } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import type { UsagePlan } from '@countersign/core/usage-plan'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { labelsIn, PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'
import { usagePlanView } from '../runtime/usage-views.ts'

const Query = z.strictObject({ ...PageQuery, api: Slug.optional(), environment: Slug.optional() })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor, ...wanted } }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const labels = labelsIn(wanted)
    const page = await services.ledger.list<UsagePlan>('usage-plan', { labels, limit, after: after.value })
    return ok({ status: 200, body: pageView(page, ({ state }) => usagePlanView(state)) })
  })

export const handler = lambda(make, { ledger })
