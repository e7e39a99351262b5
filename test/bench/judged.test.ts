import { describe, expect, it } from 'vitest'
import { atMost, type Bench, exactly, type Figure } from './figure.ts'
import { judged } from './judged.ts'

const time = (value: number): Figure => ({
  name: 'lag',
  value,
  unit: 'ms',
  against: `${value}`,
  limit: atMost(100),
})
const count = (value: number): Figure => ({
  name: 'accepted',
  value,
  unit: 'requests',
  against: '',
  limit: exactly(0),
})

const inTurn = (...runs: readonly (readonly Figure[])[]) => {
  let run = 0
  const bench: Bench = async () => runs[run++] ?? []
  return { bench, runs: () => run }
}

describe('the judgement of figures', () => {
  it('takes what is met the first time', async () => {
    const { bench, runs } = inTurn([time(90)], [time(10)])
    expect(await judged(bench, () => {})).toEqual([time(90)])
    expect(runs()).toBe(1)
  })

  it('takes the run in the middle of three when a time is missed', async () => {
    const { bench } = inTurn([time(300)], [time(80)], [time(95)])
    expect(await judged(bench, () => {})).toEqual([time(95)])
  })

  it('never tries a count again', async () => {
    const { bench, runs } = inTurn([time(300), count(1)], [time(1), count(0)])
    expect(await judged(bench, () => {})).toEqual([time(300), count(1)])
    expect(runs()).toBe(1)
  })
})
