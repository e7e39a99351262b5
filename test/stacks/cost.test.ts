import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inboxes } from '@countersign/topology'
import { describe, expect, it } from 'vitest'
import { evaluate, ROOT } from './evaluate.ts'
import { all } from './graph.ts'

const graph = await evaluate('test')
const DEPLOY = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8')
const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

const rowOf = (start: string): readonly string[] => {
  const line = DEPLOY.split('\n').find((one) => one.startsWith(`| ${start}`))
  if (line === undefined) throw new Error(`docs/deploy.md has no row ${start}`)
  return line.split('|').map((cell) => cell.trim())
}

const MINUTES = { minute: 1, hour: 60, day: 1_440 } as const

const runsAMonth = (expression: unknown): number => {
  const [, every, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(expression)) ?? []
  return 43_200 / (Number(every) * MINUTES[unit as keyof typeof MINUTES])
}

describe('the costs at rest of docs/deploy.md', () => {
  it.each([
    ['alarms', 'alarm', 0.1],
    ['secrets', 'secret', 0.4],
  ] as const)('count the %s that there are', (start, kind, price) => {
    const count = all(graph, kind).length
    const [, , arithmetic, dollars] = rowOf(start)
    expect(arithmetic).toBe(`${count} × ${price.toFixed(2)}`)
    expect(dollars).toBe((count * price).toFixed(2))
  })

  it('count the queues that are polled', () => {
    const count = Object.keys(inboxes).length
    const [, , arithmetic, dollars] = rowOf(`polling of ${WORDS[count]} empty queues`)
    expect(arithmetic).toMatch(new RegExp(`^${count} × 5 pollers × 3 a minute`))
    expect(dollars).toBe(((count * 5 * 3 * 43_200 * 0.4) / 1_000_000).toFixed(2))
  })

  it('count the runs of the schedules', () => {
    const schedules = all(graph, 'schedule')
    const runs = schedules.reduce((sum, { inputs }) => sum + runsAMonth(inputs.scheduleExpression), 0)
    expect(rowOf(`${WORDS[schedules.length]} schedules`)[2]).toMatch(
      new RegExp(`^${runs.toLocaleString('en')} × \\(1\\.00`),
    )
  })

  it('are summed up', () => {
    const rows = ['secrets', 'alarms', 'polling', `${WORDS[all(graph, 'schedule').length]} schedules`]
    const sum = rows.map(rowOf).reduce((total, cells) => total + Number(cells[3]), 0)
    expect(DEPLOY).toContain(`| | | **${sum.toFixed(2)}** |`)
  })
})
