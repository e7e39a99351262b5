import { describe, expect, it } from 'vitest'
import { lives } from './lives.ts'

const NOW = new Date('2026-11-23T04:00:00Z')
const days = (count: number) => new Date(NOW.getTime() + count * 86_400_000).toISOString()
const key = (letter: string, created: number, signs: number, end: number | null) => ({
  kid: `key_${letter.repeat(32)}`,
  algorithm: 'HS512',
  state: 'signing',
  createdAt: days(created),
  signsFrom: days(signs),
  verifiesUntil: end === null ? null : days(end),
})

const drawn = (...keys: readonly ReturnType<typeof key>[]) =>
  lives(keys, NOW)
    .split('\n')
    .slice(0, keys.length + 2)

describe('the lives of keys', () => {
  it('are drawn over one time, with what is past to the left of now', () => {
    const [now = '', a = '', b = '', c = '', scale = ''] = drawn(
      key('a', -400, -400, 325),
      key('b', -10, -9.999, 365),
      key('c', 0, 0.001, null),
    )
    const at = now.length - 1
    for (const line of [a, b, c]) expect(line[at]).toBe('|')
    expect(a).toMatch(/^key_aaaaaaa… {2}#+=*\|=+$/)
    expect(b.slice(0, at)).toMatch(/ \.#?$/)
    expect(c).toMatch(/ \.\|#+$/)
    expect(scale).toMatch(/^ +400 days ago +in 365 days$/)
  })

  it('show every phase of a key, however short', () => {
    const [, ...lines] = drawn(
      key('a', -400, -399.999, 365),
      key('b', -0.001, -0.0005, 365.1),
      key('c', -0.0004, -0.0001, 365.2),
    )
    for (const line of lines.slice(0, 3)) expect(line.replaceAll(/[^.#=]/g, '')).toMatch(/^\.+#+=*$/)
    expect(lines[1]).toContain('=')
  })

  it.each([1, 2, 30])('fit into 80 columns: %d of them', (count) => {
    const keys = Array.from({ length: count }, (_, index) =>
      key('f', index - count, index - count, index === count - 1 ? null : 365 + index),
    )
    for (const line of lives(keys, NOW).split('\n')) expect([...line].length).toBeLessThanOrEqual(80)
  })

  it('are drawn of a key that was made this very moment, too', () => {
    const [, line = ''] = drawn(key('a', 0, 0, null))
    expect(line).toMatch(/^key_aaaaaaa… {2}\|#{63}$/)
  })
})
