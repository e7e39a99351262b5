import { afterAll, describe, expect, it } from 'vitest'
import { done, openWorld } from '../support/world.ts'
import { auditLog, clientOf, example, issue, publish, SHOW, secondOperator, TENANCIES } from './given.ts'

const API = 'tenancies-rerolled'
const AT = { ...TENANCIES, gatewayId: 'reroll1' }
const TENANCY = '/reroll1/staging/api/v1/tenancies/7'

const world = await openWorld()
afterAll(() => world.stop())
await world.attach(AT.gatewayId)
await publish(world.client, API, { document: example('tenancies'), at: AT })
await world.settled()
const { tokens, consumers } = world.client

const held = (expiresIn = '30d') => issue(world, { api: API, expiresIn })
const statusWith = async (token = '') => (await world.call({ path: TENANCY, token })).status
const refusal = (code: string, status = 409) => ({ ok: false, error: { problem: { status, code } } })

describe('a token that is rerolled', () => {
  it('and its successor are both accepted until the grace is over', async () => {
    const old = await held()
    const fresh = done(await tokens.reroll(old.id, { grace: '1h' }))
    await world.settled()
    expect([await statusWith(old.secret), await statusWith(fresh.token)]).toEqual([200, 200])
    expect(fresh).toMatchObject({ state: 'active', rerolledFrom: old.id, consumer: old.consumer })
    const before = done(await tokens.show(old.id))
    expect(before).toMatchObject({ state: 'active', successorId: fresh.id, endsAt: fresh.predecessor.endsAt })
    const lifetime = (token: { issuedAt?: string | null; expiresAt?: string }) =>
      Date.parse(token.expiresAt ?? '') - Date.parse(token.issuedAt ?? '')
    expect(lifetime(fresh)).toBe(lifetime(before))
    expect(Date.parse(before.endsAt ?? '') - Date.parse(before.rerolledAt ?? '')).toBeLessThanOrEqual(
      3_600_000,
    )
    expect(fresh.grants).toEqual(before.grants)
  })

  it('is refused at once with now, without the pipeline', async () => {
    const old = await held()
    const fresh = done(await tokens.reroll(old.id, { now: true }))
    expect(await statusWith(old.secret)).toBe(401)
    expect(done(await tokens.show(old.id)).state).toBe('expired')
    expect(Date.parse(fresh.predecessor.enforcedBy)).toBeLessThanOrEqual(Date.now())
    await world.settled()
    expect([await statusWith(old.secret), await statusWith(fresh.token)]).toEqual([401, 200])
  })

  it('is refused when its grace is over by the clock alone', async () => {
    const old = await held()
    const { predecessor } = done(await tokens.reroll(old.id, { grace: '1s' }))
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(predecessor.endsAt))
    expect(await statusWith(old.secret)).toBe(401)
  })

  it('has one successor, which is shown again to the same Idempotency-Key', async () => {
    const old = await held()
    const again = { idempotencyKey: crypto.randomUUID() }
    const first = done(await tokens.reroll(old.id, {}, again))
    const repeated = done(await tokens.reroll(old.id, {}, again))
    expect(repeated).toEqual(first)
    expect(first.token).toBeDefined()
    expect(await tokens.reroll(old.id)).toMatchObject(refusal('token_rerolled'))
    const log = await auditLog(world.client, { entity: old.id })
    expect(log.map(({ type }) => type)).toEqual(['token.issued', 'token.rerolled'])
    expect(log[1]?.data).toMatchObject({ successorId: first.id, until: first.predecessor.endsAt })
    const of = await auditLog(world.client, { entity: first.id })
    expect(of.map(({ type }) => type)).toEqual(['token.issued'])
    expect(of[0]?.correlationid).toBe(log[1]?.correlationid)
  })

  it('cannot be one that is disabled, revoked, or whose consumer is suspended', async () => {
    const [stopped, gone, kept] = [await held(), await held(), await held()]
    done(await tokens.disable(stopped.id))
    expect(await tokens.reroll(stopped.id)).toMatchObject(refusal('token_disabled'))
    done(await tokens.revoke(gone.id, { reason: 'requested' }))
    expect(await tokens.reroll(gone.id)).toMatchObject(refusal('token_revoked'))
    done(await consumers.suspend(kept.consumer))
    expect(await tokens.reroll(kept.id)).toMatchObject(refusal('consumer_suspended'))
    expect(await tokens.reroll('tok_0')).toMatchObject(refusal('token_not_found', 404))
  })

  it('cannot be one whose API was deregistered', async () => {
    const at = { ...AT, gatewayId: 'reroll2' }
    await publish(world.client, 'short-lived', { document: example('tenancies'), at })
    const old = await issue(world, { api: 'short-lived' })
    done(await world.client.apis.deregister('short-lived'))
    expect(await tokens.reroll(old.id)).toMatchObject(refusal('api_not_found'))
  })

  it('says what is wrong with what was asked', async () => {
    const old = await held()
    const asked = [{ grace: 'soon' }, { grace: '1h', now: true }, { expiresIn: '366d' }]
    const answers = await Promise.all(asked.map((body) => tokens.reroll(old.id, body)))
    const codes = answers.map((answer) => answer.ok || [answer.error])
    expect(codes).toMatchObject([
      [{ problem: { status: 400, code: 'grace_malformed' } }],
      [{ problem: { status: 400, code: 'grace_given_twice' } }],
      [{ problem: { status: 400, code: 'expiry_too_late' } }],
    ])
    expect(await statusWith(old.secret)).toBe(200)
  })

  it('and was approved needs no new approval, from who asked for it, until the approval is over', async () => {
    const at = { ...AT, stage: 'production' }
    await publish(world.client, API, { document: example('tenancies'), at, environment: 'production' })
    const { id: holder } = done(await consumers.register({ name: 'Live', type: 'service', owner: 'o' }))
    const grants = [{ api: API, environment: 'production', routes: [SHOW] }]
    const asked = done(await tokens.issue({ consumer: holder, grants, expiresIn: '30d' }))
    expect(await tokens.reroll(asked.id)).toMatchObject(refusal('token_not_issued'))
    const routes = ['POST /tokens/{id}/approval', 'POST /tokens/{id}/reroll']
    const second = clientOf(world, (await secondOperator(world, routes)).secret)
    done(await second.tokens.approve(asked.id))
    done(await tokens.collect(asked.id))
    expect(await second.tokens.reroll(asked.id)).toMatchObject(refusal('reroller_is_not_requester', 403))
    const fresh = done(await tokens.reroll(asked.id))
    expect(fresh).toMatchObject({ state: 'active', requestedBy: expect.any(String) })
    const { approvedUntil } = done(await tokens.show(asked.id))
    expect(approvedUntil).toBeDefined()
    expect(fresh.approvedUntil).toBe(approvedUntil)
  })
})
