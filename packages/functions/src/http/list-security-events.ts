import * as Audit from '@countersign/core/audit/module'
import type { EventQuery } from '@countersign/core/ledger'
import { Instant } from '@countersign/core/schema'
import { ok } from '@countersign/core/shared'
import * as Signing from '@countersign/core/signing-key/signing'
import * as z from 'zod'
import { eventsOf } from '../runtime/audit-log.ts'
import { sealKeys } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { PageQuery, pageView, readCursor } from '../runtime/page.ts'
import { currentSealKey } from '../runtime/seal-keys.ts'
import type { Services } from '../runtime/services.ts'

const Query = z.strictObject({
  ...PageQuery,
  from: Instant.optional(),
  to: Instant.optional(),
  /** Whom it is for (RFC 8417 §2.2); the platform itself unless given. */
  audience: z.string().min(1).max(256).optional(),
})

type Needs = Pick<Services, 'ledger' | 'sealKeys' | 'settings' | 'newId' | 'clock' | 'log'>

/** The log as Security Event Tokens (RFC 8417), signed with the seal key, for who takes in events of other systems too. */
export const make = (services: Needs) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor, from, to, audience }, cause }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const key = await currentSealKey(services, cause.now)
    if (!key.ok) return key
    const { issuer } = services.settings
    const query: EventQuery = {
      limit,
      after: after.value,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    }
    const page = await eventsOf(services, query)
    if (!page.ok) return page
    const addressing = { issuer, audience: audience ?? issuer, now: cause.now }
    const items = await Promise.all(
      page.value.items.map(async (event) => {
        const claims = Audit.securityEventOf(event, addressing)
        return (await Signing.signJws(key.value, Audit.SECURITY_EVENT_TYPE, claims)).reveal()
      }),
    )
    return ok({ status: 200, body: pageView({ items, next: page.value.next }, (jws) => jws) })
  })

export const handler = lambda(make, { ledger, sealKeys, settings })
