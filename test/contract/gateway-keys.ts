import { Redacted } from '@countersign/core/shared'
import type { GatewayKey, GatewayKeys, GatewayPlan } from '@countersign/core/usage-plan'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

/** What a gateway has, as its own side tells: plan and member by name, without values. */
export interface Enforced {
  readonly plans: readonly {
    readonly name: string
    /** `gatewayId/stage` */
    readonly stages: readonly string[]
    readonly quota?: { readonly limit: number; readonly period: string } | undefined
    readonly throttle?: { readonly rateLimit: number; readonly burstLimit: number } | undefined
  }[]
  /** Name of a key, and names of its plans. */
  readonly keys: Readonly<Record<string, readonly string[]>>
}

export interface KeyStore {
  readonly gatewayKeys: GatewayKeys
  enforced(): Promise<Enforced>
  close(): Promise<void>
}

const stage = (gatewayId: string) => ({
  accountId: '111111111111',
  region: 'eu-west-2',
  gatewayId,
  stage: 'staging',
})

const plan = (name: string, more: Partial<GatewayPlan> = {}): GatewayPlan => ({
  name,
  description: `the plan ${name}`,
  stages: [stage(name)],
  methods: [],
  ...more,
})

const key = (name: string, ...plans: readonly string[]): GatewayKey => ({
  name,
  value: new Redacted(`the value of the key ${name}`),
  plans,
})

/** What every keeper of a gateway's keys and plans does. */
export const gatewayKeysContract = (name: string, makeStore: () => Promise<KeyStore>): void => {
  describe(`the gateway's keys and plans ${name}`, () => {
    let store: KeyStore
    beforeEach(async () => {
      store = await makeStore()
    })
    afterEach(() => store.close())
    const keys = () => store.gatewayKeys
    const planNamed = async (wanted: string) => {
      const found = (await store.enforced()).plans.filter((one) => one.name === wanted)
      expect(found.length).toBeLessThan(2)
      return found[0]
    }

    it('has a plan with its stages and limits, however often it was said', async () => {
      const limits = {
        quota: { limit: 5, period: 'week' },
        throttle: { rateLimit: 1.5, burstLimit: 3 },
      } as const
      for (const _ of [1, 2]) await keys().putPlan(plan('one', limits))
      expect(await planNamed('one')).toEqual({ name: 'one', stages: ['one/staging'], ...limits })
    })

    it('has what was said last of a plan', async () => {
      await keys().putPlan(plan('one', { throttle: { rateLimit: 1, burstLimit: 1 } }))
      await keys().putPlan(plan('one', { quota: { limit: 9, period: 'day' } }))
      const now = await planNamed('one')
      expect([now?.quota, now?.throttle]).toEqual([{ limit: 9, period: 'day' }, undefined])
      await keys().putPlan(plan('one', { quota: { limit: 8, period: 'month' } }))
      expect((await planNamed('one'))?.quota).toEqual({ limit: 8, period: 'month' })
    })

    it('has a key in its plans, however often it was said', async () => {
      for (const name of ['one', 'two']) await keys().putPlan(plan(name))
      for (const _ of [1, 2]) await keys().setKeys('k', [key('k.1', 'one', 'two')])
      expect((await store.enforced()).keys).toEqual({ 'k.1': ['one', 'two'] })
    })

    it('has the keys of an owner that were said last, and leaves those of others alone', async () => {
      await keys().putPlan(plan('one'))
      await keys().setKeys('k', [key('k.1', 'one'), key('k.2', 'one')])
      await keys().setKeys('kk', [key('kk.1', 'one')])
      await keys().setKeys('k', [key('k.2', 'one'), key('k.3', 'one')])
      expect((await store.enforced()).keys).toEqual({ 'k.2': ['one'], 'k.3': ['one'], 'kk.1': ['one'] })
      await keys().setKeys('k', [])
      expect((await store.enforced()).keys).toEqual({ 'kk.1': ['one'] })
    })

    it('has a removed key again when it is said again', async () => {
      await keys().putPlan(plan('one'))
      await keys().setKeys('k', [key('k.1', 'one')])
      await keys().setKeys('k', [])
      await keys().setKeys('k', [key('k.1', 'one')])
      expect((await store.enforced()).keys).toEqual({ 'k.1': ['one'] })
    })

    it('refuses to put a key into a plan that there is not', async () => {
      await expect(keys().setKeys('k', [key('k.1', 'nowhere')])).rejects.toThrow()
    })

    it('does nothing when a plan is closed that there is not', async () => {
      await keys().closePlan('nowhere')
      expect((await store.enforced()).plans.filter((one) => one.name === 'nowhere')).toEqual([])
    })
  })
}
