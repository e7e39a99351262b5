import type { Consumer } from '@countersign/core/consumer'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'
import { consumerView } from '../runtime/views.ts'

const Query = z.strictObject(PageQuery)

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query }) => {
    const after = readCursor(query.cursor)
    if (!after.ok) return after
    const page = await services.ledger.list<Consumer.Consumer>('consumer', {
      labels: [],
      limit: query.limit,
      after: after.value,
    })
    return ok({ status: 200, body: pageView(page, ({ state }) => consumerView(state)) })
  })

export const handler = lambda(make, { ledger })
