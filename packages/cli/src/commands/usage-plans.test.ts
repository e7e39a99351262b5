import { describe, expect, it } from 'vitest'
import { see } from '../testing/seen.ts'

const PLAN = {
  ...{ id: 'plan_1', name: 'gold', api: 'pets', apiId: 'api_1', environment: 'staging' },
  quota: { limit: 1_000, period: 'week' },
  throttle: { rateLimit: 10, burstLimit: 20 },
  methods: [{ route: 'GET /pets/{id}', rateLimit: 0.5, burstLimit: 2 }],
  createdAt: '2026-02-28T12:00:00Z',
  changedAt: '2026-02-28T12:00:00Z',
}
const PUTTING = ['usage-plans', 'put', 'gold', '--api', 'pets', '--environment', 'staging']

describe('a usage plan', () => {
  it('is put with its quota, its rate and burst, and those of single routes', async () => {
    const limits = ['--quota', '1000/week', '--throttle', '10/20', '--method', 'GET /pets/{id}=0.5/2']
    const { last, lines } = await see([...PUTTING, ...limits], PLAN)
    expect(last).toEqual({
      asked: 'PUT /usage-plans/gold',
      sent: {
        ...{ api: 'pets', environment: 'staging', quota: { limit: 1_000, period: 'week' } },
        throttle: { rateLimit: 10, burstLimit: 20 },
        methods: [{ route: 'GET /pets/{id}', rateLimit: 0.5, burstLimit: 2 }],
      },
    })
    expect(lines).toEqual(expect.arrayContaining([expect.stringMatching(/^quota +1000 a week$/)]))
    expect(lines.at(-1)).toMatch(/^GET \/pets\/\{id\} +0\.5\/s, 2 at once$/)
  })

  it('limits nothing that is not said', async () => {
    const { last } = await see(PUTTING, PLAN)
    expect(last?.sent).toEqual({ api: 'pets', environment: 'staging', methods: [] })
  })

  it.each([
    ['--quota', '1000'],
    ['--quota', '1000/year'],
    ['--quota', 'many/day'],
    ['--quota', '1/day/day'],
    ['--throttle', '10'],
    ['--throttle', '10/2.5'],
    ['--method', 'GET /pets'],
    ['--method', 'GET /pets=10'],
  ])('is not put with %s %s, and nothing is asked', async (option, value) => {
    const { code, requests, error } = await see([...PUTTING, option, value], PLAN)
    expect([code, requests]).toEqual([2, []])
    expect(error).toContain(option)
  })

  it('is shown, and listed', async () => {
    expect((await see(['usage-plans', 'show', 'gold'], PLAN)).last?.asked).toBe('GET /usage-plans/gold')
    const { last, lines } = await see(['usage-plans', 'list', '--api', 'pets'], {
      items: [PLAN],
      nextCursor: null,
    })
    expect(last?.asked).toBe('GET /usage-plans?api=pets')
    expect(lines[1]).toBe('gold  pets  staging      1000 a week  10/s, 20 at once  1        24 hours ago')
  })
})
