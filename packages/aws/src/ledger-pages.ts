import type { EventOf } from '@countersign/core/events'
import {
  ENTITY_KINDS,
  type EntityKind,
  type Entry,
  type EventPage,
  type EventQuery,
  type ListQuery,
  type Page,
  storedEvent,
} from '@countersign/core/ledger'
import { dayOf, entityKey, sortable, stateOf, textOf } from './ledger-items.ts'
import {
  between,
  bound,
  type Condition,
  END,
  filterOf,
  type Input,
  type Item,
  itemsOf,
  LOWEST,
  pageOf,
  past,
  portion,
  portionOf,
  type QueryContext,
} from './ledger-query.ts'

export interface PagesContext extends QueryContext {
  readonly clock: () => Date
}

/** Days asked for at once, at most, while none of them has an event. */
const WIDEST_WINDOW = 16
const DAY_MILLISECONDS = 86_400_000

/** Entities of a kind by creation; the position is that of the index, `<created>#<id>`. */
export const listEntities = <State>(
  context: PagesContext,
  kind: EntityKind,
  query: ListQuery,
): Promise<Page<Entry<State>>> => {
  const filter = filterOf([
    ...query.labels.map((label) => ['labels', 'contains', { S: label }] as const),
    ...bound('expiresAt', '>', query.expiresAfter),
    ...bound('expiresAt', '<=', query.expiresUntil),
  ])
  const from = query.createdFrom === undefined ? '' : sortable(query.createdFrom)
  const found = itemsOf(context, {
    IndexName: 'Listed',
    Limit: portion(query.limit, filter),
    ...between('listed', kind, 'listedAt', later(from, past(query.after)), END, filter),
  })
  return pageOf(found, query.limit, entryOf<State>, 'listedAt')
}

/** Events by time, or those of one entity by version; the position is the sort key's. */
export const listEvents = (context: PagesContext, query: EventQuery): Promise<EventPage> =>
  query.subject === undefined
    ? pageOf(eventsByTime(context, query), query.limit, eventOf, 'at')
    : pageOf(eventsOfSubject(context, query.subject, query), query.limit, eventOf, 'sk')

async function* eventsOfSubject(
  context: PagesContext,
  subject: string,
  query: EventQuery,
): AsyncGenerator<Item> {
  const from = query.from === undefined ? undefined : sortable(query.from)
  const filter = filterOf([
    ...eventFilters(query),
    ...bound('at', '>=', from),
    ...(query.to === undefined ? [] : [['at', '<', { S: sortable(query.to) }] as const]),
  ])
  const low = past(query.after) > 'event#' ? past(query.after) : 'event#'
  for (const kind of kindsOf(subject))
    yield* itemsOf(context, {
      ConsistentRead: true,
      Limit: portion(query.limit, filter),
      ...between('pk', entityKey(kind, subject), 'sk', low, `event#${END}`, filter),
    })
}

const KIND_OF_PREFIX: Readonly<Record<string, EntityKind>> = {
  tok: 'token',
  con: 'consumer',
  api: 'api',
  pub: 'publication',
  ses: 'session',
  den: 'denial',
  use: 'token-use',
  seal: 'seal',
  sealpart: 'seal-part',
  whk: 'webhook',
}

/** An id says what it is the id of; one that does not may be anything's. */
const kindsOf = (subject: string): readonly EntityKind[] => {
  const kind = KIND_OF_PREFIX[subject.split('_', 1)[0] ?? '']
  return kind && subject.includes('_') ? [kind] : ENTITY_KINDS
}

/** Day by day; a stretch of empty days is crossed in ever wider steps. */
async function* eventsByTime(context: PagesContext, query: EventQuery): AsyncGenerator<Item> {
  const low = later(query.from === undefined ? '' : sortable(query.from), past(query.after))
  const high = query.to === undefined ? END : sortable(query.to)
  const last = earlier(dayAfter(dayOf(context.clock().toISOString()), 1), high)
  let day = await startOf(context, low)
  let width = 1
  while (isDay(day) && day <= last) {
    const from = day
    const days = Array.from({ length: width }, (_, index) => dayAfter(from, index))
    const read = await Promise.all(
      days.map(async (each) => {
        const input = inputOfDay(each, low, high, query)
        return { input, page: await portionOf(context, input) }
      }),
    )
    for (const { input, page } of read) yield* itemsOf(context, input, page)
    const empty = read.every(({ page: { Items = [] } }) => Items.length === 0)
    day = dayAfter(day, width)
    width = empty ? Math.min(width * 2, WIDEST_WINDOW) : 1
  }
}

const earlier = (a: string, b: string): string => (a < b ? a : b)
const later = (a: string, b: string): string => (a > b ? a : b)

const isDay = (day: string | undefined): day is string =>
  day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(`${day}T00:00:00Z`))

const dayAfter = (day: string, days: number): string =>
  dayOf(new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MILLISECONDS).toISOString())

const inputOfDay = (day: string, low: string, high: string, query: EventQuery): Input => {
  const filter = filterOf(eventFilters(query))
  const [from, to] = [later(day, low), earlier(`${day}T${END}`, high)]
  const input = { IndexName: 'Day', Limit: portion(query.limit, filter) }
  return { ...input, ...between('day', day, 'at', from, to, filter) }
}

/** Not before the first event: the days before it are many and empty. */
const startOf = async (context: PagesContext, low: string): Promise<string | undefined> => {
  const first = await firstDay(context)
  return first === undefined || low === '' ? first : later(dayOf(low), first)
}

/** The day of the first event: that of the oldest entity of some kind. */
const firstDay = async (context: PagesContext): Promise<string | undefined> => {
  const oldest = await Promise.all(
    ENTITY_KINDS.map((kind) =>
      portionOf(context, {
        IndexName: 'Listed',
        Limit: 1,
        ...between('listed', kind, 'listedAt', LOWEST, END, filterOf([])),
      }),
    ),
  )
  return oldest
    .flatMap(({ Items = [] }) => Items.map(({ since }) => since?.S))
    .filter((day) => day !== undefined)
    .sort()
    .at(0)
}

const eventFilters = ({ type, actor }: EventQuery): readonly Condition[] => [
  ...(type === undefined ? [] : [['type', '=', { S: type }] as const]),
  ...(actor === undefined ? [] : [['actor', '=', { S: actor }] as const]),
]

const eventOf = (item: Item): EventOf => storedEvent(item.event?.S ?? '', `${item.pk?.S} ${item.sk?.S}`)

const entryOf = <State>(item: Item): Entry<State> => ({ id: textOf(item, 'id'), ...stateOf<State>(item) })
