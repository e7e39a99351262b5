import type { Flushed } from '@countersign/core/registry'
import type { Coordinates } from '@countersign/core/shared'
import { make } from '@countersign/functions/subscribers/flush-authorizer-caches'
import { afterAll, describe, expect, it } from 'vitest'
import { type Held, issue, publish, SHOW, TENANCIES, TENANCY, tenancies } from '../acceptance/given.ts'
import { eventually } from '../aws/eventually.ts'
import { done } from '../support/world.ts'

const CACHE_SECONDS = 300

/** The clock stands still, so that no answer that was kept can have gone by its own time. */
describe("a stage that keeps the authorizer's answers", async () => {
  const now = new Date()
  const world = await tenancies({ cacheSeconds: CACHE_SECONDS, clock: () => now })
  afterAll(() => world.stop())
  const { client } = world
  const statusWith = async ({ secret }: Held) => (await world.call({ path: TENANCY, token: secret })).status
  /** What was taken away is refused once the event has come, five minutes before the answer would have gone. */
  const refusedSoon = async (held: Held) => {
    await world.settled()
    await eventually('the kept answer is gone', async () => (await statusWith(held)) === 401)
  }

  it('keeps an answer that nothing was taken from', async () => {
    const held = await issue(world)
    expect(await statusWith(held)).toBe(200)
    done(await client.consumers.suspend(held.consumer))
    done(await client.consumers.resume(held.consumer))
    await world.settled()
    expect(await statusWith(held)).toBe(200)
  })

  it('forgets it when a token is revoked or disabled, and the answer says when at the latest', async () => {
    const [revoked, disabled] = [await issue(world), await issue(world)]
    expect([await statusWith(revoked), await statusWith(disabled)]).toEqual([200, 200])
    const { enforcedBy } = done(await client.tokens.revoke(revoked.id, { reason: 'compromised' }))
    expect(Date.parse(enforcedBy)).toBe(now.getTime() + CACHE_SECONDS * 1_000)
    await refusedSoon(revoked)
    done(await client.tokens.disable(disabled.id))
    await refusedSoon(disabled)
  })

  it('forgets it when a consumer is suspended', async () => {
    const held = await issue(world)
    expect(await statusWith(held)).toBe(200)
    done(await client.consumers.suspend(held.consumer))
    await refusedSoon(held)
  })

  it('forgets it when the document is narrowed', async () => {
    const held = await issue(world, { routes: [SHOW] })
    expect(await statusWith(held)).toBe(200)
    const document = {
      openapi: '3.1.0',
      info: { title: 'Tenancies', version: '2' },
      paths: {
        '/other': {
          get: { 'x-countersign-authorization': 'token', responses: { 200: { description: '' } } },
        },
      },
    }
    await publish(client, 'tenancies', { document, cacheSeconds: CACHE_SECONDS })
    await world.settled()
    await eventually('the kept answer is gone', async () => (await statusWith(held)) === 403)
  })

  describe('the subscriber', () => {
    const flushes: Coordinates[] = []
    let outcome: Flushed | Error = 'flushed'
    const subscribed = () =>
      make({
        ...world.platform.services,
        authorizerCaches: {
          flush: async (stage) => {
            flushes.push(stage)
            if (outcome instanceof Error) throw outcome
            return outcome
          },
        },
      })
    const eventOf = async (subject: string, type: string, secondsAgo = 60) => {
      const page = await world.platform.services.ledger.events({ subject, limit: 10, after: undefined })
      const event = page.items.find((one) => one.type === type)
      if (!event) throw new Error(`${subject} has no ${type}`)
      const time = new Date(now.getTime() - secondsAgo * 1_000).toISOString()
      const detail = { ...event, time }
      return { id: event.id, source: 'countersign', 'detail-type': type, time, detail }
    }
    const batch = (...bodies: readonly object[]) => ({
      Records: bodies.map((body, index) => ({ messageId: `${index}`, body: JSON.stringify(body) })),
    })
    const revoked = async () => {
      await publish(client, 'repairs', {
        at: { ...TENANCIES, gatewayId: 'def456' },
        cacheSeconds: CACHE_SECONDS,
      })
      const held = await issue(world, { api: 'repairs', routes: ['GET /api/v1/repairs/{id}'] })
      done(await client.tokens.revoke(held.id, { reason: 'requested' }))
      return eventOf(held.id, 'token.revoked')
    }
    const handled = (handle: ReturnType<typeof subscribed>, ...bodies: readonly object[]) =>
      handle(batch(...bodies) as never)

    it('flushes a stage once for all that was taken away before', async () => {
      flushes.length = 0
      const events = [await revoked(), await revoked(), await revoked()]
      expect(await handled(subscribed(), ...events)).toEqual({ batchItemFailures: [] })
      expect(flushes).toEqual([{ ...TENANCIES, gatewayId: 'def456' }])
    })

    it('flushes again for what was taken away since, or may have been', async () => {
      flushes.length = 0
      const old = await revoked()
      const fresh = { ...old, detail: { ...old.detail, time: new Date(now.getTime() - 5_000).toISOString() } }
      const handle = subscribed()
      await handled(handle, old)
      await handled(handle, fresh)
      expect(flushes).toHaveLength(2)
    })

    it('gives a flush that failed back to the queue, and its neighbours are done with', async () => {
      outcome = new Error('429 TooManyRequestsException')
      const handle = subscribed()
      expect(await handled(handle, await revoked())).toEqual({ batchItemFailures: [{ itemIdentifier: '0' }] })
      outcome = 'elsewhere'
      flushes.length = 0
      expect(await handled(handle, await revoked())).toEqual({ batchItemFailures: [] })
      expect(flushes).toHaveLength(1)
    })
  })
})
