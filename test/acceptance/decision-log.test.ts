import type { LogLine } from '@countersign/functions/runtime/services'
import { afterAll, describe, expect, it } from 'vitest'
import { done, startWorld } from '../support/world.ts'
import { consumer, publish, SHOW, TENANCY } from './given.ts'

describe('the account of decisions', async () => {
  const lines: LogLine[] = []
  let now = new Date('2026-03-01T12:00:05Z')
  const world = await startWorld({ log: (line) => void lines.push(line), clock: () => now })
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
    expect([...live.keys()].sort()).toEqual([...rebuilt.keys()].sort())
  })

  it('is told when the platform stops, so that a last minute is lost only to a process that was killed', async () => {
    await world.call({ path: TENANCY })
    const before = lines.length
    expect(lines.slice(0, before).at(-1)).toMatchObject({ message: 'decision', reason: 'token_malformed' })
  })
})
