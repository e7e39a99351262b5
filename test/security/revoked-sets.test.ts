import { Access } from '@countersign/core/access'
import { Revocations } from '@countersign/core/revocation'
import { sweepSome } from '@countersign/functions/schedules/sweep-revoked-sets'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { consumer, issue, TENANCY, type Tenancies, tenancies } from '../acceptance/given.ts'
import { done } from '../support/world.ts'

const STANDS = Revocations.STANDS_AT_LEAST_SECONDS + 2
const reason = 'compromised' as const

describe('a revoked set', () => {
  let now = new Date('2026-03-01T12:00:00Z')
  let world: Tenancies
  beforeEach(async () => {
    now = new Date('2026-03-01T12:00:00Z')
    world = await tenancies({ clock: () => now })
  })
  afterEach(() => world.stop())

  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000)
  }
  const status = async (token: string) => (await world.call({ path: TENANCY, token })).status
  const fence = async () => (await world.services.accessRows.read([Access.fenceRowKey(0)])).get('fence#0')
  const sets = async () => Object.keys((await fence())?.registers ?? {})
  const sweep = (most = 200) => sweepSome(world.services, most)
  const stateOf = async (id: string) => done(await world.client.tokens.show(id)).state
  const equal = async () => {
    const { live, rebuilt } = await world.platform.readModels()
    expect(live).toEqual(rebuilt)
  }

  const three = async () => {
    const { id: holder } = await consumer(world.client, 'Held')
    const one = () => issue(world, { holder, expiresIn: '30d' })
    return { holder, held: [await one(), await one(), await one()] }
  }
  const refused = async (held: readonly { readonly secret: string }[]) => {
    for (const { secret } of held) expect(await status(secret)).toBe(401)
  }

  it('leaves the fence when each of its tokens is revoked and nothing unknown is alive, without a gap', async () => {
    const { holder, held } = await three()
    done(await world.client.revocations.revoke({ consumer: holder, reason, note: 'lost laptop' }))
    expect(await Promise.all(held.map(({ id }) => stateOf(id)))).toEqual(['active', 'active', 'active'])
    await sweep()
    expect(await Promise.all(held.map(({ id }) => stateOf(id)))).toEqual(['revoked', 'revoked', 'revoked'])
    await sweep()
    expect(await sets()).toEqual([`issued-before#${holder}`])
    later(STANDS)
    await refused(held)
    await sweep()
    expect(await sets()).toEqual([])
    await equal()
  })

  it('is refused at every point at which a run may die', async () => {
    const { holder, held } = await three()
    const others = await issue(world, { expiresIn: '30d' })
    done(await world.client.revocations.revoke({ consumer: holder, reason }))
    const { ledger } = world.services
    const { commit } = ledger
    // Every commit of every run may be the one that is not made.
    for (let survives = 0; survives < 6; survives++) {
      let left = survives
      Object.assign(ledger, {
        commit: async (change: Parameters<typeof commit>[0]) => {
          if (left-- <= 0) throw new Error('the process died')
          return commit(change)
        },
      })
      await sweep().catch(() => undefined)
      Object.assign(ledger, { commit })
      await refused(held)
      later(6 * 3_600)
    }
    expect(now.getTime()).toBeGreaterThan(Date.parse('2026-03-02T13:00:00Z'))
    await sweep()
    expect(await sets()).toEqual([])
    await refused(held)
    await equal()
    expect(await status(others.secret)).toBe(200)
  })

  it('is worked off in bounded runs, and is not taken off before the last of it', async () => {
    const { holder, held: long } = await three()
    done(await world.client.revocations.revoke({ consumer: holder, reason }))
    later(STANDS)
    for (const left of [2, 1, 0]) {
      await sweep(1)
      expect(await sets()).toHaveLength(1)
      await refused(long)
      const states = await Promise.all(long.map(({ id }) => stateOf(id)))
      expect(states.filter((state) => state === 'active')).toHaveLength(left)
    }
    await sweep(1)
    expect(await sets()).toEqual([])
    await refused(long)
    await equal()
  })

  it('that is revoked again after it left is refused again', async () => {
    const { holder } = await three()
    done(await world.client.revocations.revoke({ consumer: holder, reason }))
    later(STANDS + 10)
    await sweep()
    const fresh = await issue(world, { holder })
    expect(await status(fresh.secret)).toBe(200)
    done(await world.client.revocations.revoke({ consumer: holder, reason }))
    await refused([fresh])
    await equal()
  })

  it('of a key that goes on signing spares what it signs from now on', async () => {
    const { holder, held } = await three()
    const { kid } = done(await world.client.tokens.show(held[0]?.id ?? ''))
    later(5)
    // The operator's own credential was signed with it too.
    done(await world.client.revocations.revoke({ kid: kid ?? '', reason, issuedBefore: now.toISOString() }))
    await refused(held)
    expect((await world.client.consumers.show(holder)).ok).toBe(false)
  })

  it('of everybody refuses whoever asked for it as well', async () => {
    later(5)
    done(await world.client.revocations.revoke({ everybody: true, reason }))
    expect(await status(world.token.secret)).toBe(401)
    expect((await world.client.tokens.list()).ok).toBe(false)
  })

  it('is not taken on when the fence is full; a suspension always is', async () => {
    const { id } = await consumer(world.client, 'One more')
    const entries = Array.from({ length: Access.MOST_FENCE_ENTRIES }, (_, index) => index)
    for (const index of entries) {
      const { id: other } = await consumer(world.client, `Other ${index}`)
      done(await world.client.revocations.revoke({ consumer: other, reason }))
    }
    const full = { error: { problem: { status: 409, code: 'fence_full' } } }
    expect(await world.client.revocations.revoke({ consumer: id, reason })).toMatchObject(full)
    done(await world.client.consumers.suspend(id))
    const size = Buffer.byteLength(JSON.stringify(await fence()))
    expect(size).toBeLessThan(4_096)
  })
})
