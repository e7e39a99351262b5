import { describe, expect, it } from 'vitest'
import { fact } from '../events/envelope.ts'
import { lockdownEntriesAt } from '../shared/lockdown-scope.ts'
import { begin, end, evolve, type Lockdown, labelsOf, lockdownIdOf } from './lockdown.ts'

const now = new Date('2026-03-01T12:00:00Z')
const cause = { actor: 'con_operator', correlationId: 'r1', now }
const at = now.toISOString()
const STANDS: Lockdown = { spares: ['api_own'], because: 'leak', begunAt: at, status: 'begun', firstAt: at }

describe('a lockdown', () => {
  it('begins once, and what is said of one that stands changes nothing', () => {
    const asked = { spares: ['api_own' as const], because: 'leak' }
    expect(begin(undefined, asked, cause)).toEqual([
      fact('lockdown.begun', { spares: ['api_own'], because: 'leak', begunAt: at }),
    ])
    expect(begin(STANDS, { ...asked, because: 'another' }, cause)).toEqual([])
    expect(begin({ ...STANDS, status: 'ended' }, asked, cause)).toHaveLength(1)
  })

  it('names its scope in every event', () => {
    const scope = { apiId: 'api_a', environment: 'staging' } as const
    const [begun] = begin(undefined, { ...scope, spares: [], because: 'leak' }, cause)
    expect(begun?.data).toMatchObject(scope)
    const [ended] = end({ ...STANDS, ...scope }, 'over', cause)
    expect(ended).toEqual(fact('lockdown.ended', { ...scope, because: 'over', endedAt: at }))
  })

  it('ends once', () => {
    expect(end({ ...STANDS, status: 'ended' }, 'over', cause)).toEqual([])
  })

  it('is what was said of it last, and keeps when it was said first', () => {
    const [ended] = end(STANDS, 'over', cause)
    if (!ended) throw new Error('it ends')
    const over = evolve(STANDS, ended, at)
    expect(over).toMatchObject({ status: 'ended', endedAt: at, because: 'leak' })
    const later = '2026-03-02T12:00:00.000Z'
    const again = fact('lockdown.begun', { spares: [], because: 'again', begunAt: later })
    expect(evolve(over, again, later)).toMatchObject({ status: 'begun', begunAt: later, firstAt: at })
    expect(evolve(over, again, later).endedAt).toBeUndefined()
    expect(labelsOf(over)).toEqual(['status=ended'])
    expect(() => evolve(undefined, ended, at)).toThrow('begins with')
  })

  it('of one place is none of another, whatever the names are', () => {
    const scopes = [
      {},
      { environment: 'staging' },
      { apiId: 'api_a' },
      { apiId: 'api_b' },
      { environment: 'api_a' },
      { apiId: 'api_a', environment: 'staging' },
    ] as const
    expect(new Set(scopes.map(lockdownIdOf)).size).toBe(scopes.length)
    expect(lockdownEntriesAt({ apiId: 'api_a', environment: 'staging' })).toEqual(
      [scopes[0], scopes[1], scopes[2], scopes[5]].map(lockdownIdOf),
    )
  })
})
