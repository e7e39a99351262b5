import type { AccessRowReader } from '@countersign/core/access'
import type { Change, IdempotencyRecord, Ledger } from '@countersign/core/ledger'
import { err, ok, type RegisterWrite } from '@countersign/core/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeOf, endOf, newIds, registered, resumed, suspended } from './changes.ts'

export interface LedgerStore {
  readonly ledger: Ledger
  /** Of the same store: what a command takes away is written with it. */
  readonly accessRows: AccessRowReader
  close(): Promise<void>
}

const WRITERS = 50
const CONFLICT = err({ reason: 'version_conflict' } as const)

const answer = (key: string, body = 'first'): IdempotencyRecord => ({
  key,
  fingerprint: `sha-256:${body}`,
  answer: { status: 201, body: { said: body } },
  sweepAfter: 2_000_000_000,
})

const refusal = (rank: number): RegisterWrite => ({
  row: 'token#tok_1',
  register: 'refusal',
  rank,
  value: { why: 'revoked', since: '2026-03-01T12:00:00.000Z' },
  by: 'command',
  sweepAfter: 2_000_000_000,
})

/** What every ledger does with one command's change: all of it, or nothing. */
export const ledgerContract = (name: string, makeStore: () => Promise<LedgerStore>): void => {
  describe(`the ledger ${name}`, () => {
    let store: LedgerStore
    let newId: ReturnType<typeof newIds>
    beforeEach(async () => {
      store = await makeStore()
      newId = newIds()
    })
    afterEach(() => store.close())

    const commit = (change: Change) => store.ledger.commit(change)
    const take = (claim: string, owner: string | undefined, expectedGeneration: number) =>
      commit({ entities: [], claims: [{ name: claim, owner, expectedGeneration }] })

    it('is tried for whether it can be written to, and has nothing in it afterwards', async () => {
      await store.ledger.probe()
      await store.ledger.probe()
      expect((await store.ledger.events({ limit: 1, after: undefined })).items).toEqual([])
      const id = newId('consumer')
      expect(await commit({ entities: [changeOf(newId, id, [registered(id)])] })).toEqual(ok(undefined))
    })

    describe('entities', () => {
      it('knows nothing of what was never saved', async () => {
        const nothing = { state: undefined, version: 0, head: '' }
        expect(await store.ledger.load('consumer', 'con_1')).toEqual(nothing)
      })

      it('gives back the state, its version and the hash of its last event', async () => {
        const id = newId('consumer')
        const change = changeOf(newId, id, [registered(id), suspended(id)])
        expect(await commit({ entities: [change] })).toEqual(ok(undefined))
        expect(await store.ledger.load('consumer', id)).toEqual({ state: { facts: 2 }, ...endOf(change) })
      })

      it('keeps kinds apart that have the same id', async () => {
        const id = newId('consumer')
        await commit({ entities: [changeOf(newId, id, [registered(id)])] })
        expect((await store.ledger.load('api', id)).version).toBe(0)
      })

      it('creates an entity once', async () => {
        const id = newId('consumer')
        await commit({ entities: [changeOf(newId, id, [registered(id)])] })
        expect(await commit({ entities: [changeOf(newId, id, [registered(id)])] })).toEqual(CONFLICT)
      })

      it.each([
        ['an older version', 1],
        ['a version that does not exist yet', 3],
      ])('refuses a change decided on %s', async (_, version) => {
        const id = newId('consumer')
        await commit({ entities: [changeOf(newId, id, [registered(id), suspended(id)])] })
        const stale = changeOf(newId, id, [resumed(id)], { end: { version, head: 'x' } })
        expect(await commit({ entities: [stale] })).toEqual(CONFLICT)
        expect((await store.ledger.load('consumer', id)).version).toBe(2)
        expect((await store.ledger.events({ subject: id, limit: 10, after: undefined })).items).toHaveLength(
          2,
        )
      })

      it('refuses a change of an entity that does not exist', async () => {
        const id = newId('consumer')
        const change = changeOf(newId, id, [suspended(id)], { end: { version: 1, head: 'x' } })
        expect(await commit({ entities: [change] })).toEqual(CONFLICT)
      })

      it('lets one of fifty changes of the same version through', async () => {
        const id = newId('consumer')
        const first = changeOf(newId, id, [registered(id)])
        await commit({ entities: [first] })
        const racing = Array.from({ length: WRITERS }, () =>
          commit({ entities: [changeOf(newId, id, [suspended(id)], { end: endOf(first) })] }),
        )
        const results = await Promise.all(racing)
        expect(results.filter((result) => result.ok)).toHaveLength(1)
        expect(results.filter((result) => !result.ok)).toEqual(
          Array.from({ length: WRITERS - 1 }, () => CONFLICT),
        )
      })

      it('leaves an entity without events as it is', async () => {
        const id = newId('consumer')
        const change = changeOf(newId, id, [registered(id)])
        await commit({ entities: [change] })
        const nothing = changeOf(newId, id, [], { end: endOf(change) })
        expect(await commit({ entities: [nothing], idempotency: answer('key') })).toEqual(ok(undefined))
        expect(await store.ledger.load('consumer', id)).toEqual({ state: { facts: 1 }, ...endOf(change) })
        expect(await store.ledger.idempotency('key')).toEqual(answer('key'))
      })
    })

    describe('claims', () => {
      it('are nobody’s until they are taken', async () => {
        const free = { name: 'deployment#x', owner: undefined, generation: 0 }
        expect(await store.ledger.claim('deployment#x')).toEqual(free)
      })

      it('are counted each time they are taken, and keep the count when released', async () => {
        expect(await take('x', 'api_1', 0)).toEqual(ok(undefined))
        expect(await store.ledger.claim('x')).toEqual({ name: 'x', owner: 'api_1', generation: 1 })
        expect(await take('x', undefined, 1)).toEqual(ok(undefined))
        expect(await store.ledger.claim('x')).toEqual({ name: 'x', owner: undefined, generation: 1 })
        expect(await take('x', 'api_2', 1)).toEqual(ok(undefined))
        expect(await store.ledger.claim('x')).toEqual({ name: 'x', owner: 'api_2', generation: 2 })
      })

      it('are refused to the second who takes them, and to whoever saw an earlier generation', async () => {
        await take('x', 'api_1', 0)
        expect(await take('x', 'api_2', 0)).toEqual(CONFLICT)
        await take('x', undefined, 1)
        await take('x', 'api_2', 1)
        expect(await take('x', 'api_3', 1)).toEqual(CONFLICT)
        expect(await take('x', undefined, 1)).toEqual(CONFLICT)
        expect((await store.ledger.claim('x')).owner).toBe('api_2')
      })

      it('are not taken from whoever holds them, nor released when nobody does', async () => {
        expect(await take('x', undefined, 0)).toEqual(CONFLICT)
        await take('x', 'api_1', 0)
        expect(await take('x', 'api_2', 1)).toEqual(CONFLICT)
        await take('x', undefined, 1)
        expect(await take('x', undefined, 1)).toEqual(CONFLICT)
        expect(await store.ledger.claim('x')).toEqual({ name: 'x', owner: undefined, generation: 1 })
      })

      it('have one winner among fifty who take them at once', async () => {
        const owners = Array.from({ length: WRITERS }, (_, index) => `api_${index}`)
        const results = await Promise.all(owners.map((owner) => take('x', owner, 0)))
        expect(results.filter(({ ok: taken }) => taken)).toHaveLength(1)
        const winner = owners[results.findIndex(({ ok: taken }) => taken)]
        expect(await store.ledger.claim('x')).toEqual({ name: 'x', owner: winner, generation: 1 })
      })
    })

    describe('idempotency', () => {
      it('keeps the first answer of a key and refuses a second', async () => {
        expect(await store.ledger.idempotency('a#key')).toBeUndefined()
        expect(await commit({ entities: [], idempotency: answer('a#key') })).toEqual(ok(undefined))
        const again = await commit({ entities: [], idempotency: answer('a#key', 'second') })
        expect(again).toEqual(err({ reason: 'idempotency_key_used' }))
        expect(await store.ledger.idempotency('a#key')).toEqual(answer('a#key'))
        expect(await store.ledger.idempotency('b#key')).toBeUndefined()
      })

      it('keeps one answer of fifty who come with the same key at once', async () => {
        const answers = Array.from({ length: WRITERS }, (_, index) => answer('a#key', `answer ${index}`))
        const results = await Promise.all(answers.map((idempotency) => commit({ entities: [], idempotency })))
        expect(results.filter((result) => result.ok)).toHaveLength(1)
        const winner = answers[results.findIndex((result) => result.ok)]
        expect(await store.ledger.idempotency('a#key')).toEqual(winner)
      })

      it('keeps it past its time, for reading and for refusing alike, until it is swept', async () => {
        const past = { ...answer('a#key'), sweepAfter: Math.floor(Date.now() / 1_000) }
        await commit({ entities: [], idempotency: past })
        expect(await store.ledger.idempotency('a#key')).toEqual(past)
        expect(await commit({ entities: [], idempotency: answer('a#key', 'second') })).toEqual(
          err({ reason: 'idempotency_key_used' }),
        )
      })
    })

    describe('a refused change', () => {
      const untouched = async (id: string) => {
        expect((await store.ledger.load('consumer', id)).version).toBe(0)
        expect((await store.ledger.events({ limit: 10, after: undefined })).items).toEqual([])
        expect(
          (await store.ledger.list('consumer', { labels: [], limit: 10, after: undefined })).items,
        ).toEqual([])
        expect((await store.accessRows.read(['token#tok_1'])).size).toBe(0)
      }

      it('leaves nothing of itself when the last of its parts is refused', async () => {
        await commit({ entities: [], idempotency: answer('key') })
        const id = newId('consumer')
        const refused = await commit({
          entities: [changeOf(newId, id, [registered(id)])],
          claims: [{ name: 'x', owner: id, expectedGeneration: 0 }],
          access: [refusal(1)],
          idempotency: answer('key', 'second'),
        })
        expect(refused).toEqual(err({ reason: 'idempotency_key_used' }))
        await untouched(id)
        expect((await store.ledger.claim('x')).generation).toBe(0)
      })

      it('leaves nothing of itself when a claim is refused', async () => {
        await take('x', 'api_1', 0)
        const id = newId('consumer')
        const refused = await commit({
          entities: [changeOf(newId, id, [registered(id)])],
          claims: [
            { name: 'y', owner: id, expectedGeneration: 0 },
            { name: 'x', owner: id, expectedGeneration: 0 },
          ],
          access: [refusal(1)],
          idempotency: answer('key'),
        })
        expect(refused).toEqual(CONFLICT)
        await untouched(id)
        expect((await store.ledger.claim('y')).generation).toBe(0)
        expect(await store.ledger.idempotency('key')).toBeUndefined()
      })

      it('leaves nothing of its first entity when the second is refused', async () => {
        const [one, other] = [newId('consumer'), newId('consumer')]
        const refused = await commit({
          entities: [
            changeOf(newId, one, [registered(one)]),
            changeOf(newId, other, [suspended(other)], { end: { version: 1, head: 'x' } }),
          ],
          access: [refusal(1)],
        })
        expect(refused).toEqual(CONFLICT)
        await untouched(one)
      })
    })

    it('saves every part of a change together', async () => {
      const [one, other] = [newId('consumer'), newId('consumer')]
      const saved = await commit({
        entities: [changeOf(newId, one, [registered(one)]), changeOf(newId, other, [registered(other)])],
        claims: [{ name: 'x', owner: one, expectedGeneration: 0 }],
        access: [refusal(1)],
        idempotency: answer('key'),
      })
      expect(saved).toEqual(ok(undefined))
      expect((await store.ledger.load('consumer', one)).version).toBe(1)
      expect((await store.ledger.load('consumer', other)).version).toBe(1)
      expect((await store.ledger.claim('x')).owner).toBe(one)
      const { value, sweepAfter } = refusal(1)
      const row = { registers: { refusal: { rank: 1, value } }, sweepAfter }
      expect(await store.accessRows.read(['token#tok_1'])).toEqual(new Map([['token#tok_1', row]]))
      expect(await store.ledger.idempotency('key')).toEqual(answer('key'))
    })

    it('does not take a change for refused because a higher rank is in the read model already', async () => {
      const id = newId('consumer')
      await commit({ entities: [], access: [refusal(5)] })
      expect(
        await commit({ entities: [changeOf(newId, id, [registered(id)])], access: [refusal(2)] }),
      ).toEqual(ok(undefined))
      const row = (await store.accessRows.read(['token#tok_1'])).get('token#tok_1')
      expect(row?.registers.refusal?.rank).toBe(5)
    })
  })
}
