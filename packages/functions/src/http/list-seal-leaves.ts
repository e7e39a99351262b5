import type { SealPart } from '@countersign/core/audit'
import * as Audit from '@countersign/core/audit/module'
import { err, ok } from '@countersign/core/shared'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadSeal } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { DayPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'

const Query = z.strictObject({ cursor: PageQuery.cursor })

/** The events that the seal of a day is over, in its order, a part to a page: each says which it is, and what it hashes to. */
export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: DayPath, query: Query }, services, async ({ path: { day }, query }) => {
    const after = readCursor(query.cursor)
    if (!after.ok) return after
    const index = Number(after.value ?? 0)
    const seal = (await loadSeal(services.ledger, day)).state
    if (!seal) return err({ reason: 'seal_not_found' })
    if (!Number.isSafeInteger(index) || (index !== 0 && index >= seal.parts))
      return err({ reason: 'cursor_invalid' })
    const part = await services.ledger.load<SealPart>('seal-part', Audit.partIdOf(day, index))
    const next = index + 1 < seal.parts ? String(index + 1) : undefined
    const page = { items: seal.parts === 0 ? [] : (part.state?.leaves ?? []), next }
    return ok({ status: 200, body: pageView(page, (leaf) => leaf) })
  })

export const handler = lambda(make, { ledger })
