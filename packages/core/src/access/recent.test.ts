import { describe, expect, it } from 'vitest'
import { recent } from './recent.ts'

describe('what was asked for lately', () => {
  it('is made once per key, also when what was made is undefined', () => {
    const made: string[] = []
    const kept = recent<string | undefined>(2)
    const ask = (key: string) =>
      kept.get(key, () => {
        made.push(key)
        return undefined
      })
    ask('a')
    ask('a')
    expect(made).toEqual(['a'])
  })

  it('lets go of what was not asked for longest, and never holds more than it may', () => {
    const made: string[] = []
    const kept = recent<string>(2)
    const ask = (key: string) => kept.get(key, () => `${key}${made.push(key)}`)
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) ask(key)
    expect(made).toEqual(['a', 'b', 'c', 'b'])
    expect(ask('a')).toBe('a1')
  })
})
