import { describe, expect, it } from 'vitest'
import { turns } from './turns.ts'

const taken = async (turn: Promise<unknown>) => (await turn) !== undefined

describe('turns', () => {
  it('are taken by so many at once of each name, and by the next as soon as one is given back', async () => {
    const take = turns(2, 60_000)
    const [first, second] = [await take('a'), await take('a')]
    const third = take('a')
    expect(await taken(take('b'))).toBe(true)
    first?.()
    const release = await third
    expect(release).toBeTypeOf('function')
    second?.()
    release?.()
    expect([await taken(take('a')), await taken(take('a'))]).toEqual([true, true])
  })

  it('are not waited for without end, and who left does not take one', async () => {
    const take = turns(1, 5)
    const held = await take('a')
    expect(await taken(take('a'))).toBe(false)
    held?.()
    expect(await taken(take('a'))).toBe(true)
  })

  it('come in the order in which they were asked for', async () => {
    const take = turns(1, 60_000)
    const order: number[] = []
    const release = await take('a')
    const asked = [1, 2, 3].map(async (number) => {
      const mine = await take('a')
      order.push(number)
      mine?.()
    })
    release?.()
    await Promise.all(asked)
    expect(order).toEqual([1, 2, 3])
  })
})
