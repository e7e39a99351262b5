import type { ApiKey } from '@countersign/core/api-key'
import { idOf, Slug } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { labelsIn, PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'
import { apiKeyView } from '../runtime/usage-views.ts'

const Query = z.strictObject({
  ...PageQuery,
  consumer: idOf('consumer').optional(),
  plan: Slug.optional(),
  state: z.enum(['active', 'disabled']).optional(),
})

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor, state, ...wanted } }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const labels = labelsIn({ ...wanted, status: state })
    const page = await services.ledger.list<ApiKey>('api-key', { labels, limit, after: after.value })
    return ok({ status: 200, body: pageView(page, (entry) => apiKeyView(entry.state)) })
  })

export const handler = lambda(make, { ledger })
