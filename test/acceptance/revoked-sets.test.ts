import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { consumer, example, issue, publish, SHOW, selfSigning, signAs, TENANCIES } from './given.ts'

const API = 'tenancies-sets'
const OTHER = 'tenancies-sets-other'
const AT = { ...TENANCIES, gatewayId: 'sets1' }
const ELSEWHERE = { ...TENANCIES, gatewayId: 'sets2' }
const TENANCY = '/sets1/staging/api/v1/tenancies/7'

const world = await openWorld()
afterAll(() => world.stop())
await world.attach(AT.gatewayId)
await world.attach(ELSEWHERE.gatewayId)
await publish(world.client, API, { document: example('tenancies'), at: AT })
await publish(world.client, OTHER, { document: example('tenancies'), at: ELSEWHERE })
await world.settled()
const { tokens, revocations, pipeline } = world.client

const held = (holder?: string, api = API) => issue(world, { api, ...(holder && { holder }) })
const statusWith = async (token: string, path = TENANCY) => (await world.call({ path, token })).status
const entries = async () => (done(await pipeline.status()).fence ?? []).map(({ entry }) => entry)
/** What is issued within the second of a revocation is refused with the rest. */
const nextSecond = async () => {
  const second = Math.floor(Date.now() / 1_000)
  await expect.poll(() => Math.floor(Date.now() / 1_000), { timeout: 5_000 }).toBeGreaterThan(second)
}
const reason = 'compromised' as const

describe('a set of tokens that is revoked', () => {
  it('of a consumer is refused at the next request, whoever signed them, and no other', async () => {
    const { id: holder } = await consumer(world.client, 'Set holder')
    const [first, second, other] = [await held(holder), await held(holder), await held()]
    const counted = done(await revocations.count({ consumer: holder, reason }))
    expect(counted).toMatchObject({ dryRun: true, count: 2, byState: { active: 2 }, more: false })
    expect(new Set(counted.tokens)).toEqual(new Set([first.id, second.id]))
    expect(await statusWith(first.secret)).toBe(200)

    const revoked = done(await revocations.revoke({ consumer: holder, reason }))
    expect(await Promise.all([first, second, other].map(({ secret }) => statusWith(secret)))).toEqual([
      401, 401, 200,
    ])
    expect(revoked).toMatchObject({ consumer: holder, issuedBefore: expect.any(String) })
    expect(Date.parse(revoked.enforcedBy)).toBe(Date.parse(revoked.revokedAt))
    expect(done(await tokens.show(first.id)).refusedBecause).toBe('issued_before')
    expect(done(await tokens.show(other.id)).refusedBecause).toBeUndefined()
    expect(await entries()).toContain(`issued-before#${holder}`)

    await nextSecond()
    const fresh = await held(holder)
    expect(await statusWith(fresh.secret)).toBe(200)
  })

  it('of a consumer holds what it signed itself', async () => {
    const signer = await selfSigning(world)
    done(
      await world.client.consumers.changeGrants(signer.id, [
        { api: API, environment: 'staging', routes: [SHOW] },
      ]),
    )
    const own = await signAs(signer)
    expect(await statusWith(own)).toBe(200)
    done(await revocations.revoke({ consumer: signer.id, reason }))
    expect(await statusWith(own)).toBe(401)
  })

  it('of an API is refused there, and opens what else it opened', async () => {
    const path = '/sets2/staging/api/v1/tenancies/7'
    const { id: holder } = await consumer(world.client, 'Both')
    const grants = [API, OTHER].map((api) => ({ api, environment: 'staging', routes: [SHOW] }))
    const both = done(await tokens.issue({ consumer: holder, grants, expiresIn: '1d' }))
    await world.settled()
    expect(await Promise.all([TENANCY, path].map((at) => statusWith(both.token ?? '', at)))).toEqual([
      200, 200,
    ])
    done(await revocations.revoke({ api: OTHER, reason }))
    expect(await Promise.all([TENANCY, path].map((at) => statusWith(both.token ?? '', at)))).toEqual([
      200, 401,
    ])
    expect(done(await tokens.show(both.id)).refusedBecause).toBeUndefined()
  })

  it('of nobody yet says so, and what is asked wrongly is refused', async () => {
    const { id: holder } = await consumer(world.client, 'Nothing held')
    expect(done(await revocations.count({ consumer: holder, reason }))).toMatchObject({
      count: 0,
      tokens: [],
    })
    const ahead = new Date(Date.now() + 3_600_000).toISOString()
    const refusal = (status: number, code: string) => ({ error: { problem: { status, code } } })
    expect(await revocations.revoke({ reason })).toMatchObject(refusal(400, 'invalid_request'))
    expect(await revocations.revoke({ consumer: holder, api: API, reason })).toMatchObject(
      refusal(400, 'invalid_request'),
    )
    expect(await revocations.revoke({ api: API, token: 'a', reason })).toMatchObject(
      refusal(400, 'invalid_request'),
    )
    expect(await revocations.revoke({ api: 'unheard-of', reason })).toMatchObject(
      refusal(404, 'api_not_found'),
    )
    expect(await revocations.revoke({ kid: 'key_0', reason })).toMatchObject(refusal(404, 'key_not_found'))
    expect(await revocations.revoke({ consumer: holder, issuedBefore: ahead, reason })).toMatchObject(
      refusal(400, 'issued_before_in_future'),
    )
  })

  it('before an instant spares what was issued since', async () => {
    const { id: holder } = await consumer(world.client, 'Since')
    const old = await held(holder)
    await nextSecond()
    const fresh = await held(holder)
    const { issuedAt } = done(await tokens.show(fresh.id))
    done(await revocations.revoke({ consumer: holder, issuedBefore: issuedAt ?? '', reason }))
    expect([await statusWith(old.secret), await statusWith(fresh.secret)]).toEqual([401, 200])
  })
})
