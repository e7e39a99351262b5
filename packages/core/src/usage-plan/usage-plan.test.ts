import { describe, expect, it } from 'vitest'
import type { FactOf } from '../events/catalog.ts'
import { draw } from './bucket.ts'
import { periodAt } from './period.ts'
import { compilePlan, type PlannableApi, type PlanRequest } from './plan-request.ts'
import { evolve, labelsOf, put, type UsagePlan } from './usage-plan.ts'

const API: PlannableApi = {
  id: 'api_1',
  name: 'tenancies',
  routes: [
    { method: 'GET', path: '/tenancies/{id}', authorization: 'api-key' },
    { method: 'ANY', path: '/files/{proxy+}', authorization: 'api-key' },
  ],
  environments: ['staging'],
}
const LIMITS = { rateLimit: 1, burstLimit: 2 }
const REQUEST: PlanRequest = { name: 'gold', api: 'tenancies', environment: 'staging', methods: [] }
const TIME = '2026-01-01T00:00:00.000Z'

const faultsOf = (request: Partial<PlanRequest>, api: PlannableApi | undefined = API) => {
  const compiled = compilePlan({ ...REQUEST, ...request }, api)
  return compiled.ok ? [] : compiled.error.map(({ pointer, code }) => [pointer, code])
}
const described = (request: Partial<PlanRequest> = {}) => {
  const compiled = compilePlan({ ...REQUEST, ...request }, API)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value
}
const factsOf = (plan: UsagePlan | undefined, request: Partial<PlanRequest> = {}) => {
  const facts = put('plan_1', plan, described(request))
  if (!facts.ok) throw new Error(facts.error)
  return facts.value
}
const planOf = (facts: readonly FactOf<'usage-plan.changed'>[]): UsagePlan => {
  const plan = facts.reduce<UsagePlan | undefined>((before, fact) => evolve(before, fact, TIME), undefined)
  if (!plan) throw new Error('there is no plan')
  return plan
}

describe('a usage plan that is asked for', () => {
  it('names routes as they are registered', () => {
    const methods = [{ route: 'GET /tenancies/{number}', ...LIMITS }]
    expect(described({ methods }).methods).toEqual([{ method: 'GET', path: '/tenancies/{id}', ...LIMITS }])
  })

  it('is refused with everything that is wrong with it, each where it is', () => {
    const methods = ['GET /nowhere', 'fetch it', 'GET /tenancies/{id}', 'GET /tenancies/{other}']
    expect(
      faultsOf({ environment: 'production', methods: methods.map((route) => ({ route, ...LIMITS })) }),
    ).toEqual([
      ['/environment', 'environment_not_deployed'],
      ['/methods/0/route', 'route_not_found'],
      ['/methods/1/route', 'route_malformed'],
      ['/methods/3/route', 'route_repeated'],
    ])
  })

  it('throttles ANY as a whole and none of its methods, as API Gateway knows it', () => {
    expect(faultsOf({ methods: [{ route: 'ANY /files/{proxy+}', ...LIMITS }] })).toEqual([])
    expect(faultsOf({ methods: [{ route: 'GET /files/{proxy+}', ...LIMITS }] })).toEqual([
      ['/methods/0/route', 'route_not_found'],
    ])
  })

  it('is refused for an API that is not registered', () => {
    const compiled = compilePlan(REQUEST, undefined)
    expect(!compiled.ok && compiled.error.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/api', 'api_not_found'],
    ])
  })
})

describe('a usage plan', () => {
  it('changes when it is said otherwise, and keeps its id, its name and its beginning', () => {
    const before = planOf(factsOf(undefined))
    const facts = factsOf(before, { name: 'GOLD', quota: { limit: 5, period: 'day' } })
    const after = evolve(before, facts[0] as FactOf<'usage-plan.changed'>, '2026-01-02T00:00:00.000Z')
    expect(after).toEqual({
      ...before,
      quota: { limit: 5, period: 'day' },
      changedAt: '2026-01-02T00:00:00.000Z',
    })
  })

  it('says nothing when it is said again', () => {
    const throttled = { throttle: LIMITS, quota: { limit: 1, period: 'week' } as const }
    expect(factsOf(planOf(factsOf(undefined, throttled)), throttled)).toEqual([])
  })

  it('drops a limit that is not said any more', () => {
    const before = planOf(factsOf(undefined, { throttle: LIMITS }))
    expect(factsOf(before)[0]?.data.throttle).toBeUndefined()
  })

  it.each([{ apiId: 'api_2' as const }, { environment: 'production' }])(
    'never moves to another API or environment, where it would let its keys in: %o',
    (other) => {
      const before = planOf(factsOf(undefined))
      expect(put('plan_1', before, { ...described(), ...other })).toEqual({
        ok: false,
        error: 'usage_plan_of_other_api',
      })
    },
  )

  it('is found by its API, by name and by id, and by its environment', () => {
    expect(labelsOf(planOf(factsOf(undefined)))).toEqual([
      'api=api_1',
      'api=tenancies',
      'environment=staging',
    ])
  })
})

describe('a period of the calendar in UTC', () => {
  const span = (period: Parameters<typeof periodAt>[0], at: string) => {
    const { start, end } = periodAt(period, new Date(at))
    return [start.toISOString(), end.toISOString()].map((text) => text.replace('T00:00:00.000Z', ''))
  }

  it.each([
    ['day', '2026-03-01T00:00:00.000Z', '2026-03-01', '2026-03-02'],
    ['day', '2026-02-28T23:59:59.999Z', '2026-02-28', '2026-03-01'],
    ['week', '2026-03-01T00:00:00.000Z', '2026-03-01', '2026-03-08'],
    ['week', '2026-02-28T23:59:59.999Z', '2026-02-22', '2026-03-01'],
    ['week', '2026-01-01T12:00:00.000Z', '2025-12-28', '2026-01-04'],
    ['month', '2026-12-31T23:59:59.999Z', '2026-12-01', '2027-01-01'],
    ['month', '2028-02-29T00:00:00.000Z', '2028-02-01', '2028-03-01'],
  ] as const)('%s of %s is from %s to %s', (period, at, start, end) => {
    expect(span(period, at)).toEqual([start, end])
  })
})

describe('a token bucket', () => {
  const SLOW = { rateLimit: 2, burstLimit: 3 }
  const drawAt = (times: readonly number[]) => {
    let bucket: Parameters<typeof draw>[0]
    return times.map((at) => {
      const drawn = draw(bucket, SLOW, at)
      bucket = drawn.bucket
      return drawn.waitMilliseconds
    })
  }

  it('gives its burst at once and then says how long to wait', () => {
    expect(drawAt([0, 0, 0, 0, 0])).toEqual([0, 0, 0, 500, 500])
  })

  it('fills again at its rate, and never above its burst', () => {
    expect(drawAt([0, 0, 0, 500, 500, 60_000, 60_000, 60_000, 60_000])).toEqual([
      0, 0, 0, 0, 500, 0, 0, 0, 500,
    ])
  })

  it('takes nothing away when the clock is set back, and gives nothing either', () => {
    expect(drawAt([60_000, 60_000, 60_000, 0, 500])).toEqual([0, 0, 0, 500, 0])
  })
})
