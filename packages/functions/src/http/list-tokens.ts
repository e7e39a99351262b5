import type { ListQuery } from '@countersign/core/ledger'
import { idOf, Slug } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import type { Token } from '@countersign/core/token'
import * as z from 'zod'
import { lastUses } from '../runtime/accounting.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'
import { tokenView } from '../runtime/views.ts'

const STATES = [
  'requested',
  'approved',
  'rejected',
  'active',
  'disabled',
  'revoked',
  'expired',
  'lapsed',
] as const

const Query = z.strictObject({
  ...PageQuery,
  state: z.enum(STATES).optional(),
  consumer: idOf('consumer').optional(),
  api: Slug.optional(),
  environment: Slug.optional(),
})

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ query: Query }, services, async ({ query, cause }) => {
    const after = readCursor(query.cursor)
    if (!after.ok) return after
    const page = await services.ledger.list<Token.Token>('token', {
      ...filterOf(query, cause.now),
      limit: query.limit,
      after: after.value,
    })
    const ids = page.items.map(({ state }) => state.id)
    const used = await lastUses(services.ledger, ids)
    const body = pageView(page, ({ state }) => tokenView(state, cause.now, used.get(state.id)))
    return ok({ status: 200, body })
  })

export const handler = lambda(make, { ledger })

/**
 * `active` and `disabled` are so only before they end, and `expired` is what was either; so it is with `requested` and
 * `lapsed`.
 */
const filterOf = (
  { state, consumer, api, environment }: z.output<typeof Query>,
  now: Date,
): Pick<ListQuery, 'labels' | 'expiresAfter' | 'expiresUntil'> => {
  const wanted = { consumer, api, environment }
  const labels = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  if (state === undefined) return { labels }
  if (state === 'expired') return { labels: [...labels, 'issued'], expiresUntil: now.toISOString() }
  if (state === 'lapsed') return { labels: [...labels, 'status=requested'], expiresUntil: now.toISOString() }
  const ends = state === 'active' || state === 'disabled' || state === 'requested'
  return { labels: [...labels, `status=${state}`], ...(ends && { expiresAfter: now.toISOString() }) }
}
