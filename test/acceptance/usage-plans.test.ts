import type { Outcome, ShownApiKey } from '@countersign/client'
import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { auditLog, consumer } from './given.ts'
import { GOLD, keyed, keyedPath } from './keyed.ts'

/** The code of a refusal. */
const refusal = (outcome: Outcome<unknown>) =>
  !outcome.ok && outcome.error.reason === 'problem' ? outcome.error.problem : undefined

const faults = (outcome: Outcome<unknown>) =>
  refusal(outcome)?.errors?.map(({ pointer, code }) => [pointer, code]) ?? []

describe('an API that is opened by API keys', async () => {
  const world = await openWorld()
  afterAll(() => world.stop())
  const { client } = world
  await keyed(world)
  const { id: holder } = await consumer(client)
  const made = done(await client.apiKeys.create({ consumer: holder, plans: [GOLD], name: 'nightly' }))
  await world.settled()

  const callWith = (key: string | undefined, path = keyedPath('/things')) =>
    world.call({ path, rawHeaders: key === undefined ? [] : ['X-API-Key', key] })
  const statusWith = async (key: string | undefined, path?: string) => (await callWith(key, path)).status
  const keyIn = ({ key }: ShownApiKey) => {
    if (key === undefined) throw new Error('the key was not shown')
    return key
  }
  const eventually = async (wanted: number, key: string, path?: string) => {
    await world.settled()
    await expect.poll(() => statusWith(key, path), { timeout: 30_000, interval: 200 }).toBe(wanted)
  }

  it('shows the key once, and lets it in', async () => {
    expect(made).toMatchObject({ state: 'active', consumer: holder, name: 'nightly', generation: 1 })
    expect(made.plans).toEqual([{ name: GOLD, api: 'keyed', environment: 'staging' }])
    expect(keyIn(made)).toMatch(/^csk-[0-9a-f]{64}$/)
    const shown = done(await client.apiKeys.show(made.id))
    expect(JSON.stringify(shown)).not.toContain(keyIn(made).slice(4, 20))
    await eventually(200, keyIn(made))
  })

  it('answers 401 without a key, with a wrong one, and with one in another case', async () => {
    expect(await statusWith(undefined)).toBe(401)
    expect(await statusWith(`csk-${'0'.repeat(64)}`)).toBe(401)
    expect(await statusWith(keyIn(made).toUpperCase())).toBe(401)
  })

  it('tells of a key in the audit log, and not one byte of it', async () => {
    const log = await auditLog(client, { entity: made.id })
    expect(log.map(({ type }) => type)).toEqual(['api-key.created'])
    const everything = JSON.stringify(await auditLog(client))
    expect(everything).not.toContain(keyIn(made).slice(4, 20))
  })

  it('gives the same key again under the same Idempotency-Key, without having kept it', async () => {
    const ask = async () =>
      done(await client.apiKeys.create({ consumer: holder, plans: [GOLD] }, { idempotencyKey: 'key-1' }))
    const first = await ask()
    expect(await ask()).toEqual(first)
    const list = done(await client.apiKeys.list({ consumer: holder })).items
    expect(list.filter(({ id }) => id === first.id)).toHaveLength(1)
  })

  it('accepts both values after a rotation with overlap', async () => {
    const key = done(await client.apiKeys.create({ consumer: holder, plans: [GOLD] }))
    await eventually(200, keyIn(key))
    const rotated = done(await client.apiKeys.rotate(key.id, { overlap: '2h' }))
    expect(rotated.generation).toBe(2)
    expect(keyIn(rotated)).not.toBe(keyIn(key))
    expect(Date.parse(rotated.previousUntil ?? '') - Date.parse(rotated.rotatedAt ?? '')).toBe(7_200_000)
    await eventually(200, keyIn(rotated))
    expect(await statusWith(keyIn(key))).toBe(200)
  })

  it('refuses the value before at once where the rotation says so', async () => {
    const key = done(await client.apiKeys.create({ consumer: holder, plans: [GOLD] }))
    await eventually(200, keyIn(key))
    const rotated = done(await client.apiKeys.rotate(key.id, { now: true }))
    expect(rotated.previousUntil).toBeUndefined()
    await eventually(200, keyIn(rotated))
    await eventually(401, keyIn(key))
  })

  it('refuses a disabled key, in every value, for good', async () => {
    const key = done(await client.apiKeys.create({ consumer: holder, plans: [GOLD] }))
    const rotated = done(await client.apiKeys.rotate(key.id, { overlap: '2h' }))
    await eventually(200, keyIn(key))
    expect(done(await client.apiKeys.disable(key.id, { note: 'left' })).state).toBe('disabled')
    await eventually(401, keyIn(key))
    await eventually(401, keyIn(rotated))
    expect(refusal(await client.apiKeys.rotate(key.id))?.code).toBe('api_key_disabled')
    expect(done(await client.apiKeys.disable(key.id)).state).toBe('disabled')
  })

  it('refuses the keys of a suspended consumer, and takes them again when it is resumed', async () => {
    const { id } = await consumer(client, 'Suspended')
    const key = done(await client.apiKeys.create({ consumer: id, plans: [GOLD] }))
    await eventually(200, keyIn(key))
    done(await client.consumers.suspend(id))
    await eventually(401, keyIn(key))
    expect(refusal(await client.apiKeys.create({ consumer: id, plans: [GOLD] }))?.code).toBe(
      'consumer_suspended',
    )
    done(await client.consumers.resume(id))
    await eventually(200, keyIn(key))
  })

  it('answers 429 beyond the burst, to this key alone', async () => {
    done(
      await client.usagePlans.put('bursty', {
        api: 'keyed',
        environment: 'staging',
        throttle: { rateLimit: 0.01, burstLimit: 3 },
      }),
    )
    const first = done(await client.apiKeys.create({ consumer: holder, plans: ['bursty'] }))
    const second = done(await client.apiKeys.create({ consumer: holder, plans: ['bursty'] }))
    await eventually(200, keyIn(first))
    await expect.poll(() => statusWith(keyIn(first))).toBe(429)
    const { headers } = await callWith(keyIn(first))
    expect(headers['retry-after']).toMatch(/^\d+$/)
    await eventually(200, keyIn(second))
  })

  it('answers 429 beyond the quota, and lets in again once the plan allows more', async () => {
    const plan = { api: 'keyed', environment: 'staging' } as const
    done(await client.usagePlans.put('small', { ...plan, quota: { limit: 2, period: 'month' } }))
    const key = done(await client.apiKeys.create({ consumer: holder, plans: ['small'] }))
    await eventually(200, keyIn(key))
    await expect.poll(() => statusWith(keyIn(key))).toBe(429)
    done(await client.usagePlans.put('small', { ...plan, quota: { limit: 1_000, period: 'month' } }))
    await eventually(200, keyIn(key))
  })

  it('says everything that is wrong with a plan, each where it is', async () => {
    const plan = { api: 'keyed', environment: 'nowhere' }
    const limits = { rateLimit: 1, burstLimit: 1 }
    expect(
      faults(await client.usagePlans.put('wrong', { ...plan, methods: [{ route: 'GET /x', ...limits }] })),
    ).toEqual([
      ['/environment', 'environment_not_deployed'],
      ['/methods/0/route', 'route_not_found'],
    ])
    expect(
      faults(await client.usagePlans.put('wrong', { ...plan, throttle: { rateLimit: 0, burstLimit: 0 } })),
    ).toEqual([
      ['/throttle/rateLimit', 'too_small'],
      ['/throttle/burstLimit', 'too_small'],
    ])
    expect(faults(await client.usagePlans.put('wrong', { ...plan, api: 'missing' }))).toEqual([
      ['/api', 'api_not_found'],
    ])
    expect(refusal(await client.usagePlans.show('wrong'))?.status).toBe(404)
  })

  it('says everything that is wrong with a request for a key', async () => {
    const asked = await client.apiKeys.create({ consumer: 'con_0', plans: [GOLD, 'nowhere', 'bursty'] })
    expect(faults(asked)).toEqual([
      ['/consumer', 'consumer_not_found'],
      ['/plans/1', 'usage_plan_not_found'],
      ['/plans/2', 'usage_plan_repeated'],
    ])
  })

  it('leaves a read model that equals its rebuild from the log', async () => {
    await world.settled()
    const { rebuilt, live } = await world.readModels()
    expect(live).toEqual(rebuilt)
  })
})
