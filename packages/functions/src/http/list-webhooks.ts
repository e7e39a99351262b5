import { ok } from '@countersign/core/shared'
import type { Webhook } from '@countersign/core/webhook'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { labelsIn, PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'
import { webhookView } from '../runtime/webhook-view.ts'

const Query = z.strictObject({ ...PageQuery, state: z.enum(['enabled', 'disabled']).optional() })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor, state: status } }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const query = { labels: labelsIn({ status }), limit, after: after.value }
    const page = await services.ledger.list<Webhook>('webhook', query)
    return ok({ status: 200, body: pageView(page, (entry) => webhookView(entry.state)) })
  })

export const handler = lambda(make, { ledger })
