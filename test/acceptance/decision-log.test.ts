import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { done, startWorld } from '../support/world.ts'
import { consumer, publish, SHOW, TENANCY } from './given.ts'

const REASON = 'its minutes are over when its clock says so, and nobody can move the clock of AWS'

only('local', REASON, 'the account of decisions', () => {
  describe('what is told', async () => {
    let now = new Date('2026-03-01T12:00:05Z')
    const world = await startWorld({ clock: () => now })
    afterAll(() => world.stop())
    await publish(world.client, 'tenancies')
    const { id: holder } = await consumer(world.client, 'Ledger team')
    const grants = [{ api: 'tenancies', environment: 'staging', routes: [SHOW] }]
    const { id, token = '' } = done(await world.client.tokens.issue({ consumer: holder, grants }))
    await world.settled()
    const denials = async () => {
      const { items } = await world.platform.services.ledger.events({
        type: 'access.denied',
        limit: 1_000,
        after: undefined,
      })
      return items.filter(({ actor }) => actor === 'decision-log').map(({ data }) => data)
    }

    it('tells ten refused calls of a token in one minute as one event that counts ten', async () => {
      expect(done(await world.client.tokens.show(id)).lastUsedAt).toBeUndefined()
      for (let call = 0; call < 10; call++) await world.call({ path: TENANCY, token, method: 'DELETE' })
      expect(await denials()).toEqual([])
      await world.platform.accountDecisions()
      expect(await denials()).toEqual([
        expect.objectContaining({
          holder: id,
          credential: 'token',
          consumerId: holder,
          count: 10,
          windowStart: '2026-03-01T12:00:00.000Z',
          environment: 'staging',
          capped: false,
        }),
      ])
    })

    it('tells what nobody is known for by gateway and reason, however many names were made up', async () => {
      for (let call = 0; call < 5; call++) await world.call({ path: TENANCY, token: `a.b.${call}` })
      await world.platform.accountDecisions()
      const anonymous = (await denials()).filter((data) => 'holder' in data && data.holder === 'anonymous')
      expect(anonymous).toEqual([
        expect.objectContaining({ credential: 'none', reason: 'token_malformed', count: 5, routes: [] }),
      ])
    })

    it('tells when a token was last used, once an hour', async () => {
      await world.call({ path: TENANCY, token })
      await world.platform.accountDecisions()
      const used = () => world.client.tokens.show(id).then((token) => done(token).lastUsedAt)
      expect(await used()).toBe('2026-03-01T12:00:05.000Z')
      now = new Date('2026-03-01T12:40:00Z')
      await world.call({ path: TENANCY, token })
      await world.platform.accountDecisions()
      expect(await used()).toBe('2026-03-01T12:00:05.000Z')
      now = new Date('2026-03-01T13:00:00Z')
      await world.call({ path: TENANCY, token })
      await world.platform.accountDecisions()
      expect(await used()).toBe('2026-03-01T13:00:00.000Z')
      const { items } = done(await world.client.tokens.list({ consumer: holder }))
      expect(items.map(({ lastUsedAt }) => lastUsedAt)).toEqual(['2026-03-01T13:00:00.000Z'])
    })

    it('changes neither the token nor the read model', async () => {
      await world.settled()
      const { version } = await world.platform.services.ledger.load('token', id)
      expect(version).toBe(1)
      const { rebuilt, live } = await world.platform.readModels()
      expect(live).toEqual(rebuilt)
    })
  })

  describe('a platform that stops', () => {
    it('tells what it had not told yet, so that only a process that was killed loses the last minute', async () => {
      const data = mkdtempSync(join(tmpdir(), 'countersign-'))
      const first = await startWorld({ data })
      await publish(first.client, 'tenancies')
      await first.settled()
      for (let call = 0; call < 3; call++) await first.call({ path: TENANCY, token: 'x' })
      await first.stop()
      const second = await startWorld({ data })
      const query = { type: 'access.denied', limit: 9, after: undefined } as const
      const { items } = await second.platform.services.ledger.events(query)
      await second.stop()
      rmSync(data, { recursive: true })
      expect(items.map(({ data }) => data)).toEqual([
        expect.objectContaining({ holder: 'anonymous', gateway: 'abc123/staging', count: 3 }),
      ])
    })
  })

  describe('the road of a request', () => {
    it('has not one call of the ledger more, however many decisions are counted', async () => {
      const world = await startWorld()
      await publish(world.client, 'tenancies')
      await world.settled()
      const { ledger } = world.platform.services
      const before = await ledger.events({ limit: 1_000, after: undefined })
      for (let call = 0; call < 50; call++) await world.call({ path: TENANCY, token: 'x' })
      expect(await ledger.events({ limit: 1_000, after: undefined })).toEqual(before)
      await world.platform.accountDecisions()
      const after = await ledger.events({ limit: 1_000, after: undefined })
      const news = after.items.slice(before.items.length)
      await world.stop()
      expect(news.reduce((sum, { data }) => sum + ('count' in data ? data.count : 0), 0)).toBe(50)
      expect(news.length).toBeLessThanOrEqual(2)
    })
  })
})
