import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { inTime } from './in-time.ts'

describe('what is waited for', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(async () => {
    await vi.advanceTimersByTimeAsync(200) // what looked in one test must not be waited for in the next
    vi.useRealTimers()
  })

  it('is what was promised, or the error that it failed with', async () => {
    expect(await inTime(Promise.resolve('here'), 1_000)).toBe('here')
    await expect(inTime(Promise.reject(new Error('broken')), 1_000)).rejects.toThrow('broken')
  })

  it('is nothing when it takes too long, and each has its own time', async () => {
    const never = new Promise<string>(() => {})
    const ended: string[] = []
    void inTime(never, 1_000).then((value) => ended.push(`short ${value}`))
    void inTime(never, 5_000).then((value) => ended.push(`long ${value}`))
    await vi.advanceTimersByTimeAsync(900)
    expect(ended).toEqual([])
    await vi.advanceTimersByTimeAsync(200)
    expect(ended).toEqual(['short undefined'])
    await vi.advanceTimersByTimeAsync(4_000)
    expect(ended).toEqual(['short undefined', 'long undefined'])
  })

  it('leaves no timer behind once nothing is waited for', async () => {
    expect(await inTime(Promise.resolve(1), 10_000)).toBe(1)
    await vi.advanceTimersByTimeAsync(200)
    expect(vi.getTimerCount()).toBe(0)
  })
})
