import { describe, expect, it } from 'vitest'
import {
  claimsOf,
  dayAfter,
  digestOfSeal,
  gathered,
  isDue,
  type Leaf,
  partIdOf,
  rootOfLeaves,
  sealed,
  sealIdOf,
} from './seal.ts'

const leaf = (version: number, day: string): Leaf => ({
  ...{ eventId: `evt_${version}`, entity: 'tok_1', version, day },
  hash: `sha-256:${Buffer.alloc(32, version).toString('base64url')}`,
})
const LEAVES = [leaf(1, '2026-02-27'), leaf(2, '2026-02-28'), leaf(3, '2026-02-28'), leaf(4, '2026-03-01')]
const now = new Date('2026-03-01T01:00:00.000Z')
const sealing = { day: '2026-02-28', leaves: LEAVES, parts: 2, previous: undefined, issuer: 'i', now }

describe('a day', () => {
  it('is followed by the next of the calendar', () => {
    expect([dayAfter('2026-02-28'), dayAfter('2028-02-28'), dayAfter('2026-01-01', -1)]).toEqual([
      ...['2026-03-01', '2028-02-29', '2025-12-31'],
    ])
  })

  it('is sealed an hour after its end, and no sooner', () => {
    expect(isDue('2026-02-28', now)).toBe(true)
    expect(isDue('2026-02-28', new Date(now.getTime() - 1))).toBe(false)
  })

  it('has a seal, and parts that are told by their place', () => {
    expect(sealIdOf('2026-02-28')).toBe('seal_20260228')
    expect(partIdOf('2026-02-28', 7)).toBe('sealpart_20260228x7')
  })
})

describe('the facts of a sealed day', () => {
  const root = rootOfLeaves(LEAVES)

  it('say what was gathered', () => {
    const data = { partId: 'sealpart_20260228x7', day: '2026-02-28', index: 7, events: 4, root }
    expect(gathered('2026-02-28', 7, LEAVES)).toEqual([{ type: 'audit.day-gathered', data }])
  })

  it('say what was signed, how much of it came late, and which seal it follows', () => {
    const iat = now.getTime() / 1_000
    const whole = { day: '2026-02-28', events: 4, late: 1, root, previous: '' }
    expect(claimsOf(sealing)).toEqual({ iss: 'i', iat, jti: 'seal_20260228', ...whole })
    const previous = digestOfSeal('a.b.c')
    expect(sealed({ ...sealing, previous: { seal: 'a.b.c' } }, 'key_1', 'x.y.z')).toEqual([
      {
        type: 'audit.day-sealed',
        data: {
          ...{ sealId: 'seal_20260228', ...whole, parts: 2, previous, kid: 'key_1', seal: 'x.y.z' },
          sealedAt: now.toISOString(),
        },
      },
    ])
  })
})
