import { make as remind, remindSome } from '@countersign/functions/schedules/remind-of-expiry'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { done } from '../support/world.ts'
import { issue, SHOW, type Tenancies, tenancies } from './given.ts'

const DAY = 86_400_000

const stories = () =>
  describe('reminders of expiry', () => {
    let now = new Date('2026-03-01T12:00:00Z')
    let world: Tenancies
    beforeEach(async () => {
      now = new Date('2026-03-01T12:00:00Z')
      world = await tenancies({ clock: () => now })
    })
    afterEach(() => world.stop())

    const later = (days: number) => {
      now = new Date(now.getTime() + days * DAY)
    }
    const run = () => remind(world.services)()
    const told = async (id: string) => {
      const { items } = await world.services.ledger.events({ subject: id, limit: 100, after: undefined })
      return items.flatMap((event) => (event.type === 'token.expiring' ? [event.data.days] : []))
    }

    it('go out once each, though the schedule runs twice at a time and more often than needed', async () => {
      const { id } = await issue(world, { expiresIn: '40d' })
      for (const days of [9, 1, 20, 4, 5, 0.5, 1]) {
        later(days)
        await Promise.all([run(), run()])
        await run()
      }
      expect(await told(id)).toEqual([30, 7, 1])
    })

    it('are only the most urgent one when nothing ran for weeks', async () => {
      const { id } = await issue(world, { expiresIn: '40d' })
      later(36)
      await run()
      expect(await told(id)).toEqual([7])
      later(3.5)
      await run()
      await run()
      expect(await told(id)).toEqual([7, 1])
    })

    it('are fewer for shorter tokens, and none for those that end today, were rerolled or are refused', async () => {
      const [week, day] = [await issue(world, { expiresIn: '8d' }), await issue(world, { expiresIn: '12h' })]
      const [renewed, gone] = [
        await issue(world, { expiresIn: '8d' }),
        await issue(world, { expiresIn: '8d' }),
      ]
      const fresh = done(await world.client.tokens.reroll(renewed.id, { grace: '7d', expiresIn: '30d' }))
      done(await world.client.tokens.revoke(gone.id, { reason: 'requested' }))
      await run()
      later(1.5)
      await run()
      later(6)
      await run()
      const ids = [week.id, day.id, renewed.id, gone.id, fresh.id]
      expect(await Promise.all(ids.map(told))).toEqual([[7, 1], [], [], [], []])
    })

    it('are bounded in one run, the most urgent first, and nobody is forgotten', async () => {
      const soon = await Promise.all([1, 2, 3].map(() => issue(world, { expiresIn: '40d' })))
      later(38)
      const [first] = [await issue(world, { expiresIn: '3d' })]
      later(1.5)
      await remindSome(world.services, 2)
      const all = [...soon, first].filter((held) => held !== undefined)
      const count = async () => (await Promise.all(all.map(({ id }) => told(id)))).flat().length
      expect(await count()).toBe(2)
      await run()
      expect(await count()).toBe(3)
    })

    it('say nothing of a request that nobody answered, which lapses', async () => {
      const { client } = world
      const at = { accountId: '111111111111', region: 'eu-west-2', gatewayId: 'abc123', stage: 'live' }
      done(await client.apis.deploy('tenancies', 'production', at))
      const grants = [{ api: 'tenancies', environment: 'production', routes: [SHOW] }]
      const asked = done(await client.tokens.issue({ consumer: world.token.consumer, grants }))
      const states = async (state: string) =>
        done(await client.tokens.list({ state })).items.map(({ id }) => id)
      expect([await states('requested'), await states('lapsed')]).toEqual([[asked.id], []])
      later(14)
      await run()
      expect([await states('requested'), await states('lapsed')]).toEqual([[], [asked.id]])
      expect(done(await client.tokens.show(asked.id)).state).toBe('lapsed')
      expect(await client.tokens.approve(asked.id)).toMatchObject({
        error: { problem: { status: 409, code: 'token_lapsed' } },
      })
      expect(await told(asked.id)).toEqual([])
    })
  })

only('local', 'nobody can move the clock of AWS', 'reminders of expiry, and requests that lapse', stories)
