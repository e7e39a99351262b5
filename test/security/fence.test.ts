import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { consumer, issue, SHOW, TENANCY, tenancies } from '../acceptance/given.ts'
import { done, startWorld } from '../support/world.ts'

/** What is taken away holds at the next request, without the pipeline: nothing below waits for it. */
describe('the fence', async () => {
  const world = await tenancies()
  afterAll(() => world.stop())
  const status = async (token: string) => (await world.call({ path: TENANCY, token })).status

  it('refuses every token of a suspended consumer at once, and lets them through again once it is resumed', async () => {
    const { id: holder } = await consumer(world.client, 'Suspended')
    const [first, second] = [await issue(world, { holder }), await issue(world, { holder })]
    done(await world.client.consumers.suspend(holder, { note: 'investigation' }))
    expect([await status(first.secret), await status(second.secret)]).toEqual([401, 401])
    expect(await status(world.token.secret)).toBe(200)
    done(await world.client.consumers.resume(holder))
    expect([await status(first.secret), await status(second.secret)]).toEqual([200, 200])
  })

  it('keeps a suspended consumer out when the pipeline repeats everything that gave it access', async () => {
    const held = await issue(world)
    done(await world.client.consumers.suspend(held.consumer))
    const { ledger, publisher } = world.platform.services
    await publisher.publish((await ledger.events({ limit: 1_000, after: undefined })).items)
    await world.settled()
    expect(await status(held.secret)).toBe(401)
    expect((await world.platform.readModels()).live).toEqual((await world.platform.readModels()).rebuilt)
  })

  it('gives a suspended consumer no new token', async () => {
    const { id } = await consumer(world.client, 'Suspended')
    done(await world.client.consumers.suspend(id))
    await expect(issue(world, { holder: id })).rejects.toThrow('consumer_suspended')
  })

  it('refuses a disabled token at once, and accepts it again once it is enabled', async () => {
    const held = await issue(world)
    done(await world.client.tokens.disable(held.id))
    expect(await status(held.secret)).toBe(401)
    done(await world.client.tokens.enable(held.id))
    await world.settled()
    expect(await status(held.secret)).toBe(200)
  })

  it('refuses every token of a route that was closed at once', async () => {
    const held = await issue(world)
    done(await world.client.apis.deregister('tenancies'))
    expect(await status(held.secret)).toBe(403)
  })
})

describe('a compromised key', async () => {
  const data = mkdtempSync(join(tmpdir(), 'countersign-'))
  const world = await tenancies({ data })
  const { kid } = done(await world.client.tokens.show(world.token.id))
  const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
  const lost = { consumer: world.token.consumer, grants }
  done(await world.client.tokens.issue(lost, { idempotencyKey: 'lost-answer' }))
  const answer = done(await world.client.signingKeys.compromise(kid ?? '', { note: 'leaked' }))
  const next = (await world.call({ path: TENANCY, token: world.token.secret })).status
  await world.stop()
  const again = await startWorld({ data })
  afterAll(async () => {
    await again.stop()
    rmSync(data, { recursive: true, force: true })
  })

  it('is refused at the very next request, before anything was relayed', () => {
    expect(answer).toMatchObject({ compromised: kid })
    expect(next).toBe(401)
  })

  it('has left the ring, and its successor signs from that instant', async () => {
    const keys = done(await again.client.signingKeys.list()).items
    expect(keys.map((key) => [key.kid, key.state])).toEqual([[answer.kid, 'signing']])
  })

  it('signs nothing again, not even the answer to a command that is repeated', async () => {
    const repeated = await again.client.tokens.issue(lost, { idempotencyKey: 'lost-answer' })
    expect(repeated).toMatchObject({
      ok: false,
      error: { problem: { status: 409, code: 'signing_key_gone' } },
    })
  })

  it('stays refused after a restart, which gives the operator a new credential', async () => {
    expect(again.credential).not.toBe(world.credential)
    expect((await again.call({ path: TENANCY, token: world.token.secret })).status).toBe(401)
    const renewed = await issue(again, { holder: world.token.consumer })
    expect((await again.call({ path: TENANCY, token: renewed.secret })).status).toBe(200)
  })
})
