import { describe, expect, it } from 'vitest'
import { atMost, type Figure } from './figure.ts'
import { missedIn, promisedIn, sideBySide } from './side-by-side.ts'

const figure = (name: string, value: number, more: Partial<Figure> = {}): Figure => ({
  name,
  value,
  unit: 'ms',
  against: '300 tokens',
  ...more,
})
const figures = {
  local: [figure('p50', 1), figure('p99', 6, { limit: atMost(100) })],
  aws: [
    figure('p50', 90, { limit: atMost(400) }),
    figure('p99', 1_300, { limit: atMost(1_200) }),
    figure('cold', 200, { against: '15 environments' }),
  ],
}

describe('two worlds side by side', () => {
  const lines = sideBySide(figures).split('\n')

  it('stand on one line per figure, each with its own promise and verdict', () => {
    expect(lines.map((line) => line.trim().split(/ {2,}/)).slice(0, 4)).toEqual([
      ['figure', 'this machine', 'promised', 'AWS services', 'promised'],
      ['p50', '1 ms', '90 ms', '≤ 400 ms', 'met'],
      ['p99', '6 ms', '≤ 100 ms', 'met', '1300 ms', '≤ 1200 ms', 'MISSED'],
      ['cold', '200 ms'],
    ])
  })

  it('say every load once', () => {
    expect(lines.slice(5)).toEqual([
      'measured against',
      '  this machine: p50 and 1 more: 300 tokens',
      '  AWS services: p50 and 1 more: 300 tokens',
      '  AWS services: cold: 15 environments',
    ])
  })

  it('name the world in which a figure is missed', () => {
    expect(missedIn(figures)).toEqual(['AWS services: p99: 1300 ms, not ≤ 1200 ms'])
    expect(promisedIn(figures)).toBe(3)
  })
})
