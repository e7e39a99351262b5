import { describe, expect, it } from 'vitest'
import type { Outcome } from './outcome.ts'
import { allItems, eachPage } from './pages.ts'
import type { Page } from './shapes.ts'

const page = <T>(items: readonly T[], nextCursor: string | null): Outcome<Page<T>> => ({
  ok: true,
  value: { status: 200, body: { items, nextCursor }, text: '' },
})

const FAILURE: Outcome<Page<number>> = { ok: false, error: { reason: 'unreachable', cause: 'cable' } }

const three = async (cursor: string | undefined): Promise<Outcome<Page<number>>> => {
  if (cursor === undefined) return page([1, 2], 'b')
  return cursor === 'b' ? page([3], 'c') : page([4], null)
}

describe('pages', () => {
  it('are followed to the last one', async () => {
    expect(await allItems(three)).toEqual({ ok: true, value: [1, 2, 3, 4] })
  })

  it('can begin in the middle', async () => {
    expect(await allItems(three, 'c')).toEqual({ ok: true, value: [4] })
  })

  it('end with the failure that came in between', async () => {
    const load = async (cursor: string | undefined) => (cursor === 'c' ? FAILURE : three(cursor))
    const seen: boolean[] = []
    for await (const { ok } of eachPage(load)) seen.push(ok)
    expect(seen).toEqual([true, true, false])
    expect(await allItems(load)).toEqual(FAILURE)
  })

  it('never go round in circles', async () => {
    await expect(allItems(async () => page([1], 'again'))).rejects.toThrow('the same cursor twice')
  })
})
