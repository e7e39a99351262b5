import { describe, expect, it } from 'vitest'
import { relative } from './time.ts'

const NOW = new Date('2026-03-01T12:00:00Z')

describe('a relative time', () => {
  it.each([
    ['2026-03-01T12:00:00Z', 'now'],
    ['2026-03-01T12:00:01Z', 'in 1 second'],
    ['2026-03-01T11:58:01Z', '119 seconds ago'],
    ['2026-03-01T13:30:00Z', 'in 90 minutes'],
    ['2026-02-28T12:00:00Z', '24 hours ago'],
    ['2026-03-31T11:59:58Z', 'in 30 days'],
    ['some day', 'some day'],
  ])('%s is %s', (instant, words) => {
    expect(relative(instant, NOW)).toBe(words)
  })

  it('is nothing where there is no time', () => {
    expect(relative(null, NOW)).toBe('')
  })
})
