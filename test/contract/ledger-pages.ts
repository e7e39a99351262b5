import type { EventOf } from '@countersign/core/events'
import type { EventQuery, Ledger, ListQuery, Page } from '@countersign/core/ledger'
import { digestOf, type Id, type NewId } from '@countersign/core/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeOf, endOf, later, newIds, registered, resumed, suspended } from './changes.ts'
import type { LedgerStore } from './ledger.ts'

/** Every page from the first, none of them empty unless there is nothing at all. */
const pagesOf = async <T>(
  read: (position: string | undefined) => Promise<Page<T>>,
): Promise<readonly (readonly T[])[]> => {
  const pages: (readonly T[])[] = []
  let position: string | undefined
  do {
    const { items, next } = await read(position)
    pages.push(items)
    position = next
  } while (position !== undefined && pages.length < 100)
  return pages
}

const listed = async (ledger: Ledger, query: Partial<ListQuery> = {}) => {
  const wanted = { labels: [], limit: 100, after: undefined, ...query }
  return (await ledger.list('consumer', wanted)).items.map(({ id }) => id)
}

const eventsOf = async (ledger: Ledger, query: Partial<EventQuery> = {}) =>
  (await ledger.events({ limit: 100, after: undefined, ...query })).items

const placeOf = ({ subject, entityversion }: EventOf) => `${subject}@${entityversion}`

/** What every ledger answers when it is asked for many. */
export const ledgerPagesContract = (name: string, makeStore: () => Promise<LedgerStore>): void => {
  describe(`lists and events of the ledger ${name}`, () => {
    let store: LedgerStore
    let newId: NewId
    beforeEach(async () => {
      store = await makeStore()
      newId = newIds()
    })
    afterEach(() => store.close())

    /** Five consumers, a minute apart; the odd ones are partners; number n is over after n hours. */
    const five = async (): Promise<readonly Id<'consumer'>[]> => {
      const ids = Array.from({ length: 5 }, () => newId('consumer'))
      for (const [index, id] of ids.entries()) {
        const change = changeOf(newId, id, [registered(id)], {
          now: later(index * 60),
          createdAt: later(index * 60).toISOString(),
          expiresAt: later(index * 3_600).toISOString(),
          labels: ['status=active', index % 2 === 1 ? 'type=partner' : 'type=service'],
          actor: `con_${index % 2}`,
        })
        await store.ledger.commit({ entities: [change] })
      }
      return ids
    }

    it.each([1, 2, 3, 4, 5, 6])(
      'lists by creation, %i to a page, with no empty page after the last',
      async (limit) => {
        const ids = await five()
        const pages = await pagesOf((position) =>
          store.ledger.list('consumer', { labels: [], limit, after: position }),
        )
        expect(pages.flat().map(({ id }) => id)).toEqual(ids)
        expect(pages).toHaveLength(Math.ceil(ids.length / limit))
      },
    )

    it.each([1, 2, 3])('fills pages of %i with what a label lets through', async (limit) => {
      const ids = await five()
      const pages = await pagesOf((position) =>
        store.ledger.list('consumer', { labels: ['type=service'], limit, after: position }),
      )
      expect(pages.flat().map(({ id }) => id)).toEqual([ids[0], ids[2], ids[4]])
      expect(pages.map((page) => page.length)).toEqual({ 1: [1, 1, 1], 2: [2, 1], 3: [3] }[limit])
    })

    it('lists one empty page when there is nothing', async () => {
      expect(
        await pagesOf((position) => store.ledger.list('api', { labels: [], limit: 5, after: position })),
      ).toEqual([[]])
    })

    it('orders what was created at the same instant by id, over pages', async () => {
      const ids = Array.from({ length: 4 }, () => newId('consumer'))
      for (const id of ids.toReversed())
        await store.ledger.commit({ entities: [changeOf(newId, id, [registered(id)])] })
      const pages = await pagesOf((position) =>
        store.ledger.list('consumer', { labels: [], limit: 1, after: position }),
      )
      expect(pages.flat().map(({ id }) => id)).toEqual(ids)
    })

    it('wants all of the labels', async () => {
      const ids = await five()
      expect(await listed(store.ledger, { labels: ['status=active', 'type=partner'] })).toEqual([
        ids[1],
        ids[3],
      ])
      expect(await listed(store.ledger, { labels: ['status=active', 'type=person'] })).toEqual([])
    })

    it('replaces labels whole, and keeps the place in the list', async () => {
      const id = newId('consumer')
      const change = changeOf(newId, id, [registered(id)], { labels: ['status=active', 'type=service'] })
      await store.ledger.commit({ entities: [change] })
      const options = {
        end: endOf(change),
        labels: ['status=suspended'],
        createdAt: later(900).toISOString(),
      }
      const next = newId('consumer')
      await store.ledger.commit({
        entities: [changeOf(newId, next, [registered(next)], { createdAt: later(60).toISOString() })],
      })
      await store.ledger.commit({ entities: [changeOf(newId, id, [suspended(id)], options)] })
      expect(await listed(store.ledger, { labels: ['status=active'] })).toEqual([])
      expect(await listed(store.ledger, { labels: ['type=service'] })).toEqual([])
      expect(await listed(store.ledger, { labels: ['status=suspended'] })).toEqual([id])
      expect(await listed(store.ledger)).toEqual([id, next])
    })

    it('tells what expires after an instant from what does not, to the millisecond', async () => {
      const ids = await five()
      const second = later(3_600).toISOString()
      expect(await listed(store.ledger, { expiresAfter: second })).toEqual(ids.slice(2))
      expect(await listed(store.ledger, { expiresUntil: second })).toEqual(ids.slice(0, 2))
      const before = new Date(later(3_600).getTime() - 1).toISOString()
      expect(await listed(store.ledger, { expiresUntil: before })).toEqual(ids.slice(0, 1))
    })

    it('compares instants, however they are written', async () => {
      const id = newId('consumer')
      const change = changeOf(newId, id, [registered(id)], { expiresAt: '2026-03-01T12:00:00Z' })
      await store.ledger.commit({ entities: [change] })
      expect(await listed(store.ledger, { expiresAfter: '2026-03-01T12:00:00.000Z' })).toEqual([])
      expect(await listed(store.ledger, { expiresUntil: '2026-03-01T12:00:00.000Z' })).toEqual([id])
      expect(await listed(store.ledger, { expiresAfter: '2026-03-01T11:59:59.999Z' })).toEqual([id])
      expect(await eventsOf(store.ledger, { from: '2026-03-01T12:00:00Z' })).toHaveLength(1)
      expect(await eventsOf(store.ledger, { to: '2026-03-01T12:00:00Z' })).toHaveLength(0)
    })

    /** Twelve consumers whose states and events are 150 kB each: DynamoDB ends a page of its own after 1 MB. */
    const large = async (): Promise<readonly Id<'consumer'>[]> => {
      const ids = Array.from({ length: 12 }, () => newId('consumer'))
      for (const id of ids) {
        const change = changeOf(newId, id, [registered(id)], { actor: `con_${'x'.repeat(150_000)}` })
        const entities = [{ ...change, state: { text: 'x'.repeat(150_000) } }]
        expect((await store.ledger.commit({ entities })).ok).toBe(true)
      }
      return ids
    }

    it('gives a page that is larger than 1 MB whole, of entities and of events, filtered or not', async () => {
      const ids = await large()
      expect(await listed(store.ledger)).toEqual(ids)
      const [found, filtered] = [
        await eventsOf(store.ledger),
        await eventsOf(store.ledger, { type: 'consumer.registered' }),
      ]
      expect(found.map(({ subject }) => subject)).toEqual(ids)
      expect(filtered.map(({ subject }) => subject)).toEqual(ids)
      const pages = await pagesOf((position) => store.ledger.events({ limit: 5, after: position }))
      expect(pages.map((page) => page.length)).toEqual([5, 5, 2])
    })

    it('leaves out of both what never expires', async () => {
      const id = newId('consumer')
      await store.ledger.commit({ entities: [changeOf(newId, id, [registered(id)])] })
      expect(await listed(store.ledger, { expiresAfter: later(0).toISOString() })).toEqual([])
      expect(await listed(store.ledger, { expiresUntil: later(0).toISOString() })).toEqual([])
    })

    describe('events', () => {
      it.each([1, 2, 3, 5, 6])(
        'come in the order of time, %i to a page, with no empty page after the last',
        async (limit) => {
          const ids = await five()
          const pages = await pagesOf((position) => store.ledger.events({ limit, after: position }))
          expect(pages.flat().map(({ subject }) => subject)).toEqual(ids)
          expect(pages).toHaveLength(Math.ceil(ids.length / limit))
        },
      )

      it('are told on from where a page ended, also behind the last', async () => {
        const ids = await five()
        expect(
          (await store.ledger.events({ limit: 5, after: undefined, subject: 'con_0' })).end,
        ).toBeUndefined()
        for (const query of [{}, { subject: ids[4] ?? '' }]) {
          const all = await store.ledger.events({ limit: 100, after: undefined, ...query })
          expect(all.next).toBeUndefined()
          const nothing = await store.ledger.events({ limit: 100, after: all.end, ...query })
          expect([nothing.items, nothing.end]).toEqual([[], undefined])
          const [, second] = all.items
          const first = await store.ledger.events({ limit: 1, after: undefined, ...query })
          const rest = await store.ledger.events({ limit: 1, after: first.end, ...query })
          expect(rest.items).toEqual(second ? [second] : [])
        }
        const id = newId('consumer')
        const { end } = await store.ledger.events({ limit: 100, after: undefined })
        const late = changeOf(newId, id, [registered(id)], { now: later(900) })
        await store.ledger.commit({ entities: [late] })
        const since = await store.ledger.events({ limit: 100, after: end })
        expect(since.items.map(({ subject }) => subject)).toEqual([id])
      })

      it('of one entity come in the order of their versions, even when a clock went back', async () => {
        const id = newId('consumer')
        const first = changeOf(newId, id, [registered(id), suspended(id)], { now: later(10) })
        await store.ledger.commit({ entities: [first] })
        const second = changeOf(newId, id, [resumed(id), suspended(id)], { end: endOf(first), now: later(0) })
        await store.ledger.commit({ entities: [second] })
        const pages = await pagesOf((position) =>
          store.ledger.events({ subject: id, limit: 1, after: position }),
        )
        expect(pages.flat().map(placeOf)).toEqual([1, 2, 3, 4].map((version) => `${id}@${version}`))
        expect((await eventsOf(store.ledger)).map(placeOf)).toEqual(pages.flat().map(placeOf))
      })

      it('come back as they were said, each with the hash of the one before', async () => {
        const id = newId('consumer')
        const change = changeOf(newId, id, [registered(id), suspended(id), resumed(id)])
        await store.ledger.commit({ entities: [change] })
        const events = await eventsOf(store.ledger, { subject: id })
        expect(events).toEqual(change.events)
        expect(events.map(({ previoushash }) => previoushash)).toEqual([
          '',
          ...events.slice(0, 2).map(digestOf),
        ])
      })

      it('are found by subject, type and actor, and by all of them together', async () => {
        const ids = await five()
        const subjects = async (query: Partial<EventQuery>) =>
          (await eventsOf(store.ledger, query)).map(({ subject }) => subject)
        expect(await subjects({ subject: ids[2] ?? '' })).toEqual([ids[2]])
        expect(await subjects({ type: 'consumer.registered' })).toEqual(ids)
        expect(await subjects({ type: 'consumer.suspended' })).toEqual([])
        expect(await subjects({ actor: 'con_1' })).toEqual([ids[1], ids[3]])
        expect(await subjects({ actor: 'con_1', subject: ids[3] ?? '' })).toEqual([ids[3]])
        expect(await subjects({ actor: 'con_0', subject: ids[3] ?? '' })).toEqual([])
      })

      it('are found from an instant on, and until just before another', async () => {
        const ids = await five()
        const [from, to] = [later(60).toISOString(), later(180).toISOString()]
        const found = await eventsOf(store.ledger, { from, to })
        expect(found.map(({ subject }) => subject)).toEqual([ids[1], ids[2]])
        const pages = await pagesOf((position) =>
          store.ledger.events({ from, to, limit: 1, after: position }),
        )
        expect(pages.map((page) => page.length)).toEqual([1, 1])
      })
    })
  })
}
