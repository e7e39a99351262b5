import type { GatewayPlan } from '@countersign/core/usage-plan'
import { describe, expect, it } from 'vitest'
import { paced } from './paced.ts'
import { closingPatch, patchOf, planInput } from './usage-plan-patch.ts'

const AT = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'staging' }
const PLAN: GatewayPlan = {
  name: 'plan_1',
  description: 'gold',
  stages: [AT],
  quota: { limit: 10, period: 'week' },
  throttle: { rateLimit: 1.5, burstLimit: 3 },
  methods: [{ method: 'GET', path: '/x/{id}', rateLimit: 1, burstLimit: 2 }],
}

describe('a plan of API Gateway', () => {
  it('is made in one call, with methods by path and verb', () => {
    expect(planInput(PLAN)).toEqual({
      name: 'plan_1',
      description: 'gold',
      apiStages: [
        { apiId: 'abc123', stage: 'staging', throttle: { '/x/{id}/GET': { rateLimit: 1, burstLimit: 2 } } },
      ],
      throttle: { rateLimit: 1.5, burstLimit: 3 },
      quota: { limit: 10, offset: 0, period: 'WEEK' },
    })
  })

  it('is left alone when it is as it should be', () => {
    expect(patchOf(planInput(PLAN), PLAN)).toEqual([])
  })

  it('loses limits that are not said any more, and gains those that are new', () => {
    const { quota: _, throttle: __, ...bare } = PLAN
    expect(patchOf(planInput(PLAN), bare)).toEqual([
      { op: 'remove', path: '/throttle' },
      { op: 'remove', path: '/quota' },
    ])
    expect(patchOf(planInput(bare), PLAN)).toContainEqual({
      op: 'add',
      path: '/throttle/rateLimit',
      value: '1.5',
    })
  })

  it('changes only what is another', () => {
    const wanted = { ...PLAN, quota: { limit: 11, period: 'week' as const } }
    expect(patchOf(planInput(PLAN), wanted)).toEqual([{ op: 'replace', path: '/quota/limit', value: '11' }])
  })

  it('moves to another stage with the limits of its methods', () => {
    const moved = { ...PLAN, stages: [{ ...AT, stage: 'v2' }] }
    expect(patchOf(planInput(PLAN), moved)).toEqual([
      { op: 'remove', path: '/apiStages', value: 'abc123:staging' },
      { op: 'add', path: '/apiStages', value: 'abc123:v2' },
      { op: 'replace', path: '/apiStages/abc123:v2/throttle//x/{id}/GET/rateLimit', value: '1' },
      { op: 'replace', path: '/apiStages/abc123:v2/throttle//x/{id}/GET/burstLimit', value: '2' },
    ])
  })

  it('has no stage once it is closed', () => {
    expect(closingPatch(planInput(PLAN))).toEqual([
      { op: 'remove', path: '/apiStages', value: 'abc123:staging' },
    ])
  })
})

describe('calls at a pace', () => {
  it('follow each other at their distance, whoever asks', async () => {
    let now = 0
    const waits: number[] = []
    const pace = paced({
      everyMilliseconds: 100,
      now: () => now,
      sleep: async (milliseconds) => void waits.push(milliseconds),
    })
    await Promise.all([pace(), pace(), pace()])
    now = 1_000
    await pace()
    expect(waits).toEqual([100, 200])
  })
})
