import type { AccessRowStore } from '@countersign/core/access'
import { applyWrite, type Json, type RegisterWrite, type Row } from '@countersign/core/shared'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LATER } from './later.ts'

export interface AccessStore {
  readonly accessRows: AccessRowStore
  close(): Promise<void>
}

const write = (rank: number, value: Json, more: Partial<RegisterWrite> = {}): RegisterWrite => ({
  row: 'token#tok_1',
  register: 'grant',
  rank,
  value,
  by: 'projector',
  ...more,
})

const everyRow = async (rows: AccessRowStore): Promise<ReadonlyMap<string, Row>> => {
  const found = new Map<string, Row>()
  for await (const [key, row] of rows.scan()) found.set(key, row)
  return found
}

/** What every read model does with writes that come late, twice or in any order. */
export const accessRowsContract = (name: string, makeStore: () => Promise<AccessStore>): void => {
  describe(`the read model ${name}`, () => {
    let store: AccessStore
    beforeEach(async () => {
      store = await makeStore()
    })
    afterEach(() => store.close())

    const rowAfter = async (...writes: readonly RegisterWrite[]): Promise<Row | undefined> => {
      for (const one of writes) await store.accessRows.write([one])
      return (await store.accessRows.read(['token#tok_1'])).get('token#tok_1')
    }

    it('reads what exists and leaves out what does not', async () => {
      await store.accessRows.write([write(1, 'a'), write(1, 'b', { row: 'token#tok_2' })])
      const found = await store.accessRows.read(['token#tok_2', 'token#tok_3', 'token#tok_2'])
      expect([...found]).toEqual([['token#tok_2', { registers: { grant: { rank: 1, value: 'b' } } }]])
      expect((await store.accessRows.read([])).size).toBe(0)
    })

    it('takes a register over by a higher rank only', async () => {
      expect((await rowAfter(write(2, 'second'), write(1, 'first')))?.registers.grant).toEqual({
        rank: 2,
        value: 'second',
      })
      expect((await rowAfter(write(2, 'again')))?.registers.grant?.value).toBe('second')
      expect((await rowAfter(write(3, 'third')))?.registers.grant?.value).toBe('third')
    })

    it('keeps the rank of a register that was emptied', async () => {
      const row = await rowAfter(write(3, null), write(2, 'late'))
      expect(row?.registers.grant).toEqual({ rank: 3, value: null })
    })

    it('lets a register go with its rank when that is said, and only from a lower rank', async () => {
      const gone = { value: null, forget: true } as const
      const kept = await rowAfter(write(1, 'r', { register: 'refusal' }), write(3, 'g'), write(2, null, gone))
      expect(kept?.registers.grant).toEqual({ rank: 3, value: 'g' })
      expect((await rowAfter(write(4, null, gone)))?.registers).toEqual({ refusal: { rank: 1, value: 'r' } })
      expect((await rowAfter(write(4, null, gone)))?.registers).toEqual({ refusal: { rank: 1, value: 'r' } })
      expect((await rowAfter(write(1, 'again')))?.registers.grant).toEqual({ rank: 1, value: 'again' })
    })

    it('lets go what was never there', async () => {
      expect((await rowAfter(write(1, null, { forget: true })))?.registers ?? {}).toEqual({})
    })

    it('keeps registers of one row apart', async () => {
      const row = await rowAfter(write(5, 'g'), write(1, { why: 'revoked' }, { register: 'refusal' }))
      expect(row?.registers).toEqual({
        grant: { rank: 5, value: 'g' },
        refusal: { rank: 1, value: { why: 'revoked' } },
      })
    })

    it('takes several writes to one row in one go, in any order of their ranks', async () => {
      await store.accessRows.write([
        write(2, 'second'),
        write(3, 'third'),
        write(1, 'first'),
        write(1, 'r', { register: 'refusal' }),
      ])
      expect((await rowAfter())?.registers).toEqual({
        grant: { rank: 3, value: 'third' },
        refusal: { rank: 1, value: 'r' },
      })
    })

    it('keeps the latest time to sweep, whichever register brought it and however late', async () => {
      const late = await rowAfter(
        write(1, 'g', { sweepAfter: LATER + 200 }),
        write(1, 'r', { register: 'refusal', sweepAfter: LATER + 100 }),
      )
      expect(late?.sweepAfter).toBe(LATER + 200)
      expect((await rowAfter(write(2, 'g', { sweepAfter: LATER + 300 })))?.sweepAfter).toBe(LATER + 300)
      const overtaken = await rowAfter(write(1, 'late', { sweepAfter: LATER + 400 }))
      expect([overtaken?.sweepAfter, overtaken?.registers.grant?.value]).toEqual([LATER + 400, 'g'])
    })

    it('holds register names and values of any form', async () => {
      const names = ['kid#key_1', 'consumer#con_a', 'a.b', '#', 'sweepAfter', 'key', 'ünï']
      const value = { nested: [1, 'two', null, { three: true }], text: 'é"\\\n', none: null }
      await store.accessRows.write(names.map((register) => write(1, value, { register, row: 'fence#0' })))
      const row = (await store.accessRows.read(['fence#0'])).get('fence#0')
      expect(row).toEqual({
        registers: Object.fromEntries(names.map((register) => [register, { rank: 1, value }])),
      })
    })

    it('scans every row once', async () => {
      const keys = Array.from({ length: 30 }, (_, index) => `token#tok_${index}`)
      await store.accessRows.write(keys.map((row) => write(1, row, { row })))
      const found = await everyRow(store.accessRows)
      expect([found.size, new Set(found.keys())]).toEqual([keys.length, new Set(keys)])
      expect(found.get('token#tok_7')).toEqual({ registers: { grant: { rank: 1, value: 'token#tok_7' } } })
    })

    it('scans every row once when they are more than 1 MB', async () => {
      const keys = Array.from({ length: 12 }, (_, index) => `token#tok_${index}`)
      for (const row of keys) await store.accessRows.write([write(1, 'x'.repeat(150_000), { row })])
      const found: string[] = []
      for await (const [key] of store.accessRows.scan()) found.push(key)
      expect([found.length, new Set(found)]).toEqual([keys.length, new Set(keys)])
    })

    it('reads a row whose time to be swept has come, until it is swept: whether it opens is not for the store', async () => {
      const now = Math.floor(Date.now() / 1_000)
      const row = await rowAfter(write(1, 'g', { sweepAfter: now - 1 }))
      expect(row).toEqual({ registers: { grant: { rank: 1, value: 'g' } }, sweepAfter: now - 1 })
    })

    it('lets the highest rank win among fifty writers at once', async () => {
      const ranks = Array.from({ length: 50 }, (_, index) => index + 1)
      await Promise.all(ranks.map((rank) => store.accessRows.write([write(rank, `v${rank}`)])))
      expect((await rowAfter())?.registers.grant).toEqual({ rank: 50, value: 'v50' })
    })

    it('does to a row what the pure function does, for any writes', async () => {
      const anyWrite = fc.record({
        row: fc.constantFrom('token#a', 'token#b'),
        register: fc.constantFrom('grant', 'refusal'),
        rank: fc.integer({ min: 1, max: 4 }),
        sweepAfter: fc.constantFrom(undefined, LATER + 100, LATER + 200),
      })
      let run = 0
      const property = fc.asyncProperty(fc.array(anyWrite, { maxLength: 8 }), async (drawn) => {
        const prefix = `run${run++}`
        const writes = drawn.map(({ row, register, rank, sweepAfter }) =>
          // A rank is one fact, so it always comes with the same value.
          write(rank, `${register}@${rank}`, {
            row: `${prefix}${row}`,
            register,
            ...(sweepAfter !== undefined && { sweepAfter }),
          }),
        )
        const expected = new Map<string, Row>()
        for (const one of writes) {
          expected.set(one.row, applyWrite(expected.get(one.row), one))
          await store.accessRows.write([one])
        }
        expect(await store.accessRows.read([...expected.keys()])).toEqual(expected)
      })
      await fc.assert(property, { numRuns: 50 })
    })
  })
}
