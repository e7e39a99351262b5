import { type AuditEvent, allItems } from '@countersign/client'
import { answer, refuse } from '../answer.ts'
import type { Command } from '../command.ts'
import { table } from '../table.ts'
import { relative } from '../time.ts'

/** All that was refused to one holder at one place for one reason. */
interface Refused {
  readonly count: number
  /** Some minute had more than was counted. */
  readonly atLeast: boolean
  readonly holder: string
  readonly reason: string
  readonly where: string
  readonly routes: readonly string[]
  readonly lastAt: string
}

const DAY_MILLISECONDS = 86_400_000

export const denials: Command = {
  name: 'denials',
  summary: 'Shows who is refused where and why, the most often refused first',
  details:
    'What was refused within the last minutes may be missing: refusals are counted off the road of requests.\nWithout --from, those of the last 24 hours.',
  options: {
    from: { value: 'INSTANT', help: 'from then on, such as 2026-01-31T00:00:00Z' },
    to: { value: 'INSTANT', help: 'before then' },
    holder: { value: 'ID', help: 'of a token, a session or a consumer; or anonymous' },
  },
  run: async (context) => {
    const { given, terminal } = context
    const from = given.text('from') ?? new Date(terminal.now().getTime() - DAY_MILLISECONDS).toISOString()
    const { audit } = await context.client()
    const query = { type: 'access.denied', from, to: given.text('to'), limit: 100 }
    const events = await allItems((cursor) => audit.events({ ...query, cursor }), undefined)
    if (!events.ok) return refuse(context, events.error)
    const holder = given.text('holder')
    const items = refusedIn(events.value).filter((item) => holder === undefined || item.holder === holder)
    const body = { items }
    return answer(context, { ok: true, value: { status: 200, body, text: JSON.stringify(body) } }, () =>
      items.length === 0 ? 'Nobody was refused.\n' : shown(items, terminal.now()),
    )
  },
}

const shown = (items: readonly Refused[], now: Date): string =>
  table(items, {
    REFUSED: ({ count, atLeast }) => `${count}${atLeast ? '+' : ''}`,
    WHO: ({ holder }) => holder,
    WHY: ({ reason }) => reason,
    WHERE: ({ where }) => where,
    ROUTES: ({ routes }) => routes.join(', '),
    LAST: ({ lastAt }) => relative(lastAt, now),
  })

const refusedIn = (events: readonly AuditEvent[]): readonly Refused[] => {
  const found = new Map<string, Refused>()
  for (const { data } of events) {
    const told = toldBy(data)
    const key = JSON.stringify([told.holder, told.reason, told.where])
    const known = found.get(key)
    found.set(key, known ? both(known, told) : told)
  }
  return [...found.values()].sort((a, b) => b.count - a.count || (a.lastAt < b.lastAt ? 1 : -1))
}

const both = (a: Refused, b: Refused): Refused => ({
  ...a,
  count: a.count + b.count,
  atLeast: a.atLeast || b.atLeast,
  routes: [...new Set([...a.routes, ...b.routes])],
  lastAt: new Date(Math.max(Date.parse(a.lastAt), Date.parse(b.lastAt))).toISOString(),
})

const toldBy = (data: Readonly<Record<string, unknown>>): Refused => {
  const text = (name: string) => (typeof data[name] === 'string' ? data[name] : '')
  const { count, capped, routes } = data
  return {
    count: typeof count === 'number' ? count : 0,
    atLeast: capped === true,
    holder: text('holder'),
    reason: text('reason'),
    where: [text('environment'), text('gateway')].filter(Boolean).join(' '),
    routes: Array.isArray(routes) ? routes.filter((route) => typeof route === 'string') : [],
    lastAt: text('lastAt'),
  }
}
