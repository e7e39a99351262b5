import type { AccessRowStore, StoredRow, StoredRows } from '@countersign/core/access'
import type { RegisterWrite } from '@countersign/core/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LATER } from './later.ts'

export interface RepairedStore {
  readonly accessRows: AccessRowStore
  readonly storedRows: StoredRows
  /** Makes a row unreadable, as no writer of the platform would. */
  spoil(key: string): Promise<void>
  close(): Promise<void>
}

const KEY = 'token#tok_1'

const write = (register: string, rank: number, more: Partial<RegisterWrite> = {}): RegisterWrite => ({
  row: KEY,
  register,
  rank,
  value: `${register}@${rank}`,
  by: 'command',
  ...more,
})

/** What a rebuild may do to every read model, and what it cannot undo. */
export const storedRowsContract = (name: string, makeStore: () => Promise<RepairedStore>): void => {
  describe(`the read model ${name}, past its own rules`, () => {
    let store: RepairedStore
    beforeEach(async () => {
      store = await makeStore()
    })
    afterEach(() => store.close())

    const seen = async (): Promise<StoredRow | undefined> => (await store.storedRows.inspect([KEY])).get(KEY)
    const live = async () => (await store.accessRows.read([KEY])).get(KEY)

    it('shows a row as it is, and none that is not there', async () => {
      await store.accessRows.write([write('grant', 2, { sweepAfter: LATER + 9 })])
      expect(await seen()).toMatchObject({
        key: KEY,
        registers: { grant: { rank: 2, value: 'grant@2' } },
        sweepAfter: LATER + 9,
        unreadable: [],
      })
      expect((await store.storedRows.inspect(['token#tok_2'])).size).toBe(0)
    })

    it('makes a row what is wanted, whatever the ranks, and leaves nothing of before', async () => {
      await store.accessRows.write([write('grant', 9, { sweepAfter: LATER + 9 }), write('refusal', 3)])
      const wanted = { registers: { grant: { rank: 1, value: 'as the log has it' } }, sweepAfter: LATER + 5 }
      expect(await store.storedRows.mend(KEY, await seen(), wanted)).toBe(true)
      expect(await live()).toEqual(wanted)
    })

    it('makes a row that is missing, and removes one that is to be none', async () => {
      const wanted = { registers: { grant: { rank: 1, value: null } } }
      expect(await store.storedRows.mend(KEY, undefined, wanted)).toBe(true)
      expect(await live()).toEqual(wanted)
      expect(await store.storedRows.mend(KEY, await seen(), undefined)).toBe(true)
      expect(await live()).toBeUndefined()
      expect(await store.storedRows.mend(KEY, undefined, undefined)).toBe(true)
    })

    it('does nothing when the register that it would replace was written meanwhile', async () => {
      await store.accessRows.write([write('refusal', 3)])
      const before = await seen()
      await store.accessRows.write([write('refusal', 4)])
      const lifted = { registers: { refusal: { rank: 3, value: null } } }
      expect(await store.storedRows.mend(KEY, before, lifted)).toBe(false)
      expect((await live())?.registers.refusal).toEqual({ rank: 4, value: 'refusal@4' })
    })

    it('does nothing when the register that it would add, or the row that it would make, is there meanwhile', async () => {
      await store.accessRows.write([write('refusal', 4)])
      const lifted = { registers: { refusal: { rank: 3, value: null } } }
      expect(await store.storedRows.mend(KEY, undefined, lifted)).toBe(false)
      expect((await live())?.registers.refusal?.rank).toBe(4)
    })

    it('never takes away a refusal that was written since it looked, be the row replaced or removed', async () => {
      const grant = { grant: { rank: 2, value: 'as the log has it' } }
      for (const [index, wanted] of [{ registers: grant }, undefined].entries()) {
        const rank = 7 + index
        await store.accessRows.write([write('grant', 1)])
        const before = await seen()
        await store.accessRows.write([write('refusal', rank)])
        await store.storedRows.mend(KEY, before, wanted)
        expect((await live())?.registers.refusal).toEqual({ rank, value: `refusal@${rank}` })
      }
    })

    it('does nothing to a row that is gone since it looked', async () => {
      await store.accessRows.write([write('grant', 1)])
      const before = await seen()
      await store.storedRows.mend(KEY, before, undefined)
      const wanted = { registers: { grant: { rank: 2, value: 'x' } } }
      expect(await store.storedRows.mend(KEY, before, wanted)).toBe(false)
      expect(await live()).toBeUndefined()
    })

    it('is written to as ever after it was put right', async () => {
      await store.accessRows.write([write('grant', 999_999)])
      await store.storedRows.mend(KEY, await seen(), { registers: { grant: { rank: 1, value: 'g' } } })
      await store.accessRows.write([write('grant', 2), write('refusal', 3)])
      expect((await live())?.registers).toEqual({
        grant: { rank: 2, value: 'grant@2' },
        refusal: { rank: 3, value: 'refusal@3' },
      })
    })

    it('says that a row cannot be read, and puts it right', async () => {
      await store.accessRows.write([write('grant', 1)])
      await store.spoil(KEY)
      await expect(live()).rejects.toThrow()
      const spoilt = await seen()
      expect(spoilt?.unreadable).toHaveLength(1)
      const wanted = { registers: { grant: { rank: 1, value: 'g' } } }
      expect(await store.storedRows.mend(KEY, spoilt, wanted)).toBe(true)
      expect(await live()).toEqual(wanted)
    })

    it('shows every row once, goes on behind one, and more than a page', async () => {
      const keys = Array.from({ length: 230 }, (_, index) => `token#tok_${1_000 + index}`)
      await store.accessRows.write(keys.map((row) => write('grant', 1, { row })))
      const found: string[] = []
      for await (const { key } of store.storedRows.inspectAll()) found.push(key)
      expect([found.length, new Set(found)]).toEqual([keys.length, new Set(keys)])
      const rest: string[] = []
      for await (const { key } of store.storedRows.inspectAll(found[99])) rest.push(key)
      expect(rest).toEqual(found.slice(100))
    })
  })
}
