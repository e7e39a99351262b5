import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { example, issue, publish, TENANCIES } from './given.ts'

const API = 'tenancies-locked'
const OTHER = 'tenancies-locked-other'
/** Nobody else's: other stories go on beside this one. */
const ENVIRONMENT = 'drills'
const AT = { ...TENANCIES, gatewayId: 'lock1' }
const ELSEWHERE = { ...TENANCIES, gatewayId: 'lock2' }

const world = await openWorld()
afterAll(() => world.stop())
await world.attach(AT.gatewayId)
await world.attach(ELSEWHERE.gatewayId)
for (const [name, at] of [
  [API, AT],
  [OTHER, ELSEWHERE],
] as const)
  await publish(world.client, name, { document: example('tenancies'), at, environment: ENVIRONMENT })
await world.settled()
const { lockdowns, pipeline, apis, tokens, audit } = world.client

const tokenOf = (api: string) => issue(world, { api, environment: ENVIRONMENT })
const [mine, others] = [await tokenOf(API), await tokenOf(OTHER)]
const statuses = () =>
  Promise.all(
    [['lock1', mine.secret] as const, ['lock2', others.secret] as const].map(async ([gateway, token]) => {
      const path = `/${gateway}/staging/api/v1/tenancies/7`
      return (await world.call({ path, token })).status
    }),
  )
const entries = async () => (done(await pipeline.status()).fence ?? []).map(({ entry }) => entry)
const refusal = (status: number, code: string) => ({ error: { problem: { status, code } } })

describe('a lockdown', () => {
  it('of an API lets nobody in there from the next request on, and everybody again once it is lifted', async () => {
    expect(await statuses()).toEqual([200, 200])
    const begun = done(await lockdowns.begin({ api: API, because: 'its database is being looked at' }))
    expect(await statuses()).toEqual([401, 200])
    expect(begun).toMatchObject({ state: 'begun', because: 'its database is being looked at' })
    expect(begun.enforcedBy).toBe(begun.begunAt)
    expect(done(await tokens.show(mine.id)).refusedBecause).toBe('locked_down')
    expect(await entries()).toContain(`lockdown#${begun.apiId}/*`)
    expect(done(await lockdowns.list({ state: 'begun', limit: 100 })).items).toContainEqual(
      expect.objectContaining({ apiId: begun.apiId, begunAt: begun.begunAt }),
    )
    expect(done(await lockdowns.lift({ api: API, because: 'it was nothing' })).state).toBe('ended')
    expect(await statuses()).toEqual([200, 200])
    expect(await entries()).not.toContain(`lockdown#${begun.apiId}/*`)
  })

  it('of an environment holds every API in it, and a smaller one that is lifted leaves it standing', async () => {
    done(await lockdowns.begin({ environment: ENVIRONMENT, because: 'drill' }))
    done(await lockdowns.begin({ api: API, environment: ENVIRONMENT, because: 'drill' }))
    expect(await statuses()).toEqual([401, 401])
    done(await lockdowns.lift({ api: API, environment: ENVIRONMENT, because: 'over' }))
    expect(await statuses()).toEqual([401, 401])
    done(await lockdowns.lift({ environment: ENVIRONMENT, because: 'over' }))
    expect(await statuses()).toEqual([200, 200])
  })

  it('that is begun or lifted twice is one lockdown, and its record says who, when and why', async () => {
    const place = { api: OTHER, environment: ENVIRONMENT }
    const first = done(await lockdowns.begin({ ...place, because: 'leak' }))
    expect(done(await lockdowns.begin({ ...place, because: 'again' }))).toMatchObject({
      because: 'leak',
      begunAt: first.begunAt,
    })
    done(await lockdowns.lift({ ...place, because: 'mended' }))
    done(await lockdowns.lift({ ...place, because: 'mended twice' }))
    const entity = `lockdown#${first.apiId}/${ENVIRONMENT}`
    const { items } = done(await audit.events({ entity, limit: 10 }))
    expect(items.map(({ type, data }) => [type, data.because])).toEqual([
      ['lockdown.begun', 'leak'],
      ['lockdown.ended', 'mended'],
    ])
  })

  it("never shuts the platform's own API, which is where it is lifted", async () => {
    const { id, deployments } = done(await apis.show('countersign'))
    const own = deployments[0]?.environment
    done(await lockdowns.begin({ environment: own, because: 'drill' }))
    expect(done(await lockdowns.lift({ environment: own, because: 'over' })).spares).toEqual([id])
    expect(await lockdowns.begin({ api: 'countersign', because: 'x' })).toMatchObject(
      refusal(403, 'api_reserved'),
    )
  })

  it('of nothing that there is, or that was never begun, is refused with its reason', async () => {
    expect(await lockdowns.begin({ api: 'nobody', because: 'x' })).toMatchObject(
      refusal(400, 'api_not_found'),
    )
    expect(await lockdowns.lift({ environment: 'nowhere-at-all', because: 'x' })).toMatchObject(
      refusal(404, 'lockdown_not_found'),
    )
    for (const body of [{ because: 'x' }, { everywhere: true as const, api: API, because: 'x' }])
      expect(await lockdowns.begin(body)).toMatchObject(refusal(400, 'invalid_request'))
  })
})
