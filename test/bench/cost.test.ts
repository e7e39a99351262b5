import { describe, expect, it } from 'vitest'
import { billedMilliseconds, costOfMillion, readUnitsOf, totalOf } from './cost.ts'

describe('the cost of a million decisions', () => {
  const lines = costOfMillion({
    memoryMegabytes: 1_024,
    billedMilliseconds: 8,
    readUnits: 3,
    logBytes: 1_200,
  })

  it('is what docs/deploy.md reckons for 8 ms, three rows and 1.2 kB of logs', () => {
    expect(lines.map(({ dollars }) => dollars.toFixed(2))).toEqual(['0.20', '0.11', '0.38', '0.60'])
    expect(totalOf(lines).toFixed(2)).toBe('1.28')
  })

  it('says what is multiplied', () => {
    expect(lines.map(({ arithmetic }) => arithmetic)).toEqual([
      '1 million × 0.20 per million',
      '1 million × 8.0 ms × 1 GB × 0.0000133334 per GB-second',
      '3 million × 0.125 per million',
      '1.20 GB × 0.50 per GB',
    ])
  })

  it('halves its compute with half the memory, and nothing else', () => {
    const half = costOfMillion({ memoryMegabytes: 512, billedMilliseconds: 8, readUnits: 3, logBytes: 1_200 })
    expect(totalOf(lines) - totalOf(half)).toBeCloseTo(0.053, 3)
  })
})

describe('billed milliseconds', () => {
  it('are those of each invocation, rounded up, and never nothing', () => {
    expect(billedMilliseconds([0, 1.2, 3, 3.1])).toBe((1 + 2 + 3 + 4) / 4)
  })
})

describe('read units', () => {
  const item = (bytes: number) => ({ key: { S: 'x'.repeat(bytes - 3) } })

  it('are one for every 4 KB of each item, and one for an item that is not there', () => {
    expect(readUnitsOf(3, [item(10), item(4_096), item(4_097)])).toBe(4)
    expect(readUnitsOf(3, [item(10)])).toBe(3)
  })

  it('count maps, lists and numbers with what they hold', () => {
    const nested = {
      registers: { M: { grant: { M: { rank: { N: '1' }, routes: { L: [{ S: 'y'.repeat(4_050) }] } } } } },
    }
    expect(readUnitsOf(1, [nested])).toBe(1)
    expect(readUnitsOf(1, [{ ...nested, more: { S: 'z'.repeat(20) } }])).toBe(2)
  })
})
