import { catalog, type EventType } from '@countersign/core/events'
import type { EventQuery } from '@countersign/core/ledger'
import { Instant } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { eventsOf } from '../runtime/audit-log.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { cursorAt, PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'

const types = Object.keys(catalog) as [EventType, ...EventType[]]

const Query = z.strictObject({
  ...PageQuery,
  entity: z.string().min(1).max(128).optional(),
  type: z.enum(types).optional(),
  actor: z.string().min(1).max(256).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
})

/** The event log is the audit; nothing here is a copy of it. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler(
    { query: Query },
    services,
    async ({ query: { entity, cursor, type, actor, from, to, limit } }) => {
      const after = readCursor(cursor)
      if (!after.ok) return after
      const query: EventQuery = {
        limit,
        after: after.value,
        ...(entity !== undefined && { subject: entity }),
        ...(type !== undefined && { type }),
        ...(actor !== undefined && { actor }),
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
      }
      const page = await eventsOf(services, query)
      if (!page.ok) return page
      const body = { ...pageView(page.value, (event) => event), endCursor: cursorAt(page.value.end) }
      return ok({ status: 200, body })
    },
  )

export const handler = lambda(make, { ledger })
