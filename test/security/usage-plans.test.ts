import { make as makeRetiring } from '@countersign/functions/schedules/retire-api-keys'
import { afterAll, describe, expect, it } from 'vitest'
import { issue, SHOW, TENANCY, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'
import { withApiKey } from './given.ts'

/** What only this machine can show: API Gateway's own answer to `usageIdentifierKey`, and a clock that is set. */
describe('a usage plan', async () => {
  let now = new Date()
  const world = await tenancies({ clock: () => now })
  afterAll(() => world.stop())
  const { client } = world
  const pass = (milliseconds: number) => {
    now = new Date(now.getTime() + milliseconds)
  }
  const keyId = await withApiKey(world, world.token.consumer)
  await world.settled()
  const keyStatus = async (key: string | undefined) =>
    (await world.call({ path: '/key123/staging/things', rawHeaders: ['x-api-key', key ?? ''] })).status
  const statusOf = async (token: string) => (await world.call({ path: TENANCY, token })).status

  const inPlan = async (usagePlan: string, holder: string) => {
    const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW], usagePlan }]
    const { token = '' } = done(await client.tokens.issue({ consumer: holder, grants, expiresIn: '1d' }))
    await world.settled()
    return token
  }

  it('counts all tokens of a consumer together, and those of another by themselves', async () => {
    const plan = { api: 'tenancies', environment: 'staging', quota: { limit: 3, period: 'day' } } as const
    done(await client.usagePlans.put('counted', plan))
    const [first, second] = [
      await inPlan('counted', world.token.consumer),
      await inPlan('counted', world.token.consumer),
    ]
    expect([await statusOf(first), await statusOf(second), await statusOf(first)]).toEqual([200, 200, 200])
    expect([await statusOf(first), await statusOf(second)]).toEqual([429, 429])
    const other = (await issue(world)).consumer
    expect(await statusOf(await inPlan('counted', other))).toBe(200)
    expect(await statusOf(world.token.secret), 'a token without a plan is not counted').toBe(200)
  })

  it('is refused to a token where API keys open routes, for another API, and where there is none', async () => {
    const refused = async (api: string, route: string, usagePlan: string) => {
      const grants = [{ api, environment: 'staging', routes: [route], usagePlan }]
      const asked = await client.tokens.issue({ consumer: world.token.consumer, grants })
      if (asked.ok || asked.error.reason !== 'problem') throw new Error('it was not refused')
      return asked.error.problem.errors?.map(({ pointer, code }) => `${pointer} ${code}`) ?? []
    }
    expect(await refused('keyed', 'GET /things', 'keyed')).toContain(
      '/grants/0/usagePlan usage_plan_counts_api_keys',
    )
    expect(await refused('tenancies', SHOW, 'keyed')).toEqual([
      '/grants/0/usagePlan usage_plan_of_other_grant',
    ])
    expect(await refused('tenancies', SHOW, 'nowhere')).toEqual(['/grants/0/usagePlan usage_plan_not_found'])
  })

  it('never lets in who sends the identifier of a token as an API key', async () => {
    await inPlan('gold', world.token.consumer)
    const { state } = await world.platform.services.ledger.load<{ readonly id: string }>(
      'usage-plan',
      done(await client.usagePlans.show('gold')).id,
    )
    const body = (id: string | undefined) => id?.slice(id.indexOf('_') + 1)
    const identifier = `usage-${body(state?.id)}-${body(world.token.consumer)}`
    expect(await keyStatus(identifier)).toBe(401)
  })

  it('lets the value before a rotation in until its time is over, and the schedule has said so', async () => {
    const retire = makeRetiring(world.platform.services)
    const first = done(await client.apiKeys.rotate(keyId, { now: true })).key
    const second = done(await client.apiKeys.rotate(keyId, { overlap: '10m' })).key
    await world.settled()
    expect([await keyStatus(first), await keyStatus(second)]).toEqual([200, 200])
    pass(599_000)
    await retire()
    await world.settled()
    expect([await keyStatus(first), await keyStatus(second)]).toEqual([200, 200])
    pass(1_000)
    await retire()
    await retire()
    await world.settled()
    expect([await keyStatus(first), await keyStatus(second)]).toEqual([401, 200])
    const log = await world.platform.services.ledger.events({ subject: keyId, limit: 10, after: undefined })
    expect(log.items.filter(({ type }) => type === 'api-key.retired')).toHaveLength(1)
  })

  it('is changed on the version that was read, or not at all', async () => {
    const url = `${world.api}/usage-plans/counted`
    const headers = {
      authorization: `Bearer ${world.credential}`,
      'content-type': 'application/json',
    }
    const body = JSON.stringify({ api: 'tenancies', environment: 'staging' })
    const etag = (await fetch(url, { headers })).headers.get('etag') ?? ''
    const put = (tag: string) => fetch(url, { method: 'PUT', headers: { ...headers, 'if-match': tag }, body })
    expect((await put('"99"')).status).toBe(412)
    expect((await put(etag)).status).toBe(200)
    expect((await put(etag)).status).toBe(412)
  })
})
