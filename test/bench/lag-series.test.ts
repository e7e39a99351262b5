import { describe, expect, it } from 'vitest'
import { lagSeries, sparkline, throughput } from './lag-series.ts'

const passage = (acknowledgedAt: number, readableAt: number) => ({ acknowledgedAt, readableAt })

describe('the lag over time', () => {
  it('counts what was committed and cannot be read yet, at the end of every step', () => {
    const passages = [
      passage(1_000, 1_020),
      passage(1_010, 1_120),
      passage(1_040, 1_130),
      passage(1_060, 1_170),
    ]
    expect(lagSeries(passages)).toEqual({ stepMilliseconds: 50, outstanding: [2, 3, 1, 0] })
  })

  it('ends with nothing outstanding, in the middle of a step too', () => {
    const { outstanding } = lagSeries([passage(0, 10), passage(5, 130)])
    expect(outstanding).toEqual([1, 1, 0])
  })

  it('takes a step long enough for a line to hold it', () => {
    const { stepMilliseconds, outstanding } = lagSeries([passage(0, 10), passage(0, 21_500)])
    expect(stepMilliseconds).toBe(1_000)
    expect(outstanding).toHaveLength(22)
    expect(lagSeries([passage(0, 1_000_000)]).outstanding).toHaveLength(24)
  })

  it('holds one event that was there at once', () => {
    expect(lagSeries([passage(7, 7)])).toEqual({ stepMilliseconds: 50, outstanding: [0] })
  })
})

describe('the throughput', () => {
  it('is counted from the first commit to the last row', () => {
    expect(throughput([passage(500, 700), passage(600, 1_500)])).toBe(2)
  })
})

describe('a sparkline', () => {
  it('shows the most as full, nothing as nothing, and the least of something', () => {
    expect(sparkline([0, 1, 500, 1_000, 0])).toBe(' ▁▄█ ')
  })

  it('is empty for nothing outstanding', () => {
    expect(sparkline([0, 0])).toBe('  ')
  })
})
