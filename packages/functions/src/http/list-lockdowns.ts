import type { Lockdown } from '@countersign/core/lockdown'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { lockdownView } from '../runtime/lockdown-command.ts'
import { labelsIn, PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'

const Query = z.strictObject({ ...PageQuery, state: z.enum(['begun', 'ended']).optional() })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor, state: status } }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const labels = labelsIn({ status })
    const page = await services.ledger.list<Lockdown>('lockdown', { labels, limit, after: after.value })
    return ok({ status: 200, body: pageView(page, ({ state }) => lockdownView(state)) })
  })

export const handler = lambda(make, { ledger })
