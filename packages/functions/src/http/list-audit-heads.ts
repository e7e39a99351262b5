import { ENTITY_KINDS, type EntityKind, type Entry } from '@countersign/core/ledger'
import { ok } from '@countersign/core/shared'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { PageQuery, pageView, readCursor } from '../runtime/page.ts'
import type { Services } from '../runtime/services.ts'

const Query = z.strictObject({ ...PageQuery, entity: z.string().min(1).max(128).optional() })

type Needs = Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>

/** Where the log of each entity ends, kind by kind: what the log is held to by whoever checks it. */
export const make = (services: Needs) =>
  httpHandler({ query: Query }, services, async ({ query: { limit, cursor, entity } }) => {
    const after = readCursor(cursor)
    if (!after.ok) return after
    const page =
      entity === undefined ? await headsFrom(services, after.value, limit) : await headsOf(services, entity)
    return ok({ status: 200, body: pageView(page, (head) => head) })
  })

export const handler = lambda(make, { ledger })

interface Head extends Pick<Entry<unknown>, 'id' | 'version' | 'head'> {
  readonly kind: EntityKind
}

const headOf = (kind: EntityKind, { id, version, head }: Entry<unknown>): Head => ({
  kind,
  id,
  version,
  head,
})

/** Whatever has this id; an id is as a rule that of one entity. */
const headsOf = async ({ ledger }: Needs, id: string) => {
  const found = await Promise.all(
    ENTITY_KINDS.map(async (kind) =>
      headOf(kind, { id, ...(await ledger.load<unknown>(kind, id)), state: undefined }),
    ),
  )
  return { items: found.filter(({ version }) => version > 0), next: undefined }
}

/** `token#<position among the tokens>`. */
const headsFrom = async ({ ledger }: Needs, position: string | undefined, limit: number) => {
  const [, from = ENTITY_KINDS[0], within = ''] = /^([\w-]+)#(.*)$/s.exec(position ?? '') ?? []
  let after: string | undefined = within === '' ? undefined : within
  const items: Head[] = []
  for (const kind of ENTITY_KINDS.slice(Math.max(0, ENTITY_KINDS.indexOf(from as EntityKind)))) {
    if (items.length === limit) return { items, next: `${kind}#` }
    const page = await ledger.list<unknown>(kind, { labels: [], limit: limit - items.length, after })
    items.push(...page.items.map((entry) => headOf(kind, entry)))
    if (page.next !== undefined) return { items, next: `${kind}#${page.next}` }
    after = undefined
  }
  return { items, next: undefined }
}
