import { describe, expect, it } from 'vitest'
import {
  changeGroups,
  claimsOf,
  end,
  evolve,
  groupsFrom,
  isLive,
  labelsOf,
  MOST_GROUPS,
  type Session,
  type SessionFact,
  start,
} from './session.ts'

const NOW = new Date('2026-03-01T12:00:00.400Z')
const OVER = new Date('2026-03-01T12:15:00.000Z')
const at = (now = NOW) => ({ actor: 'google#1', correlationId: 'c', now })
const who = { provider: 'google', subject: 'google#1', email: 'ada@example.org', kid: 'key_1' } as const

const following = (facts: readonly SessionFact[], known?: Session): Session => {
  const state = facts.reduce<Session | undefined>(evolve, known)
  if (!state) throw new Error('nothing happened')
  return state
}
const live = following(start({ sessionId: 'ses_1', ...who, groups: ['a', 'b'], lifeSeconds: 900 }, at()))

describe('a session', () => {
  it('lasts from the whole second it began in for as long as was said', () => {
    expect(live).toEqual({
      id: 'ses_1',
      ...who,
      groups: ['a', 'b'],
      issuedAt: '2026-03-01T12:00:00.000Z',
      expiresAt: '2026-03-01T12:15:00.000Z',
      status: 'live',
    })
    expect(isLive(live, new Date(OVER.getTime() - 1))).toBe(true)
    expect(isLive(live, OVER)).toBe(false)
  })

  it('ends once, and not after its own end', () => {
    const [ended, ...more] = end(live, 'signed-out', at())
    const { subject, expiresAt } = live
    expect([ended, more]).toEqual([
      {
        type: 'session.ended',
        data: {
          ...{ sessionId: 'ses_1', subject, expiresAt, reason: 'signed-out' },
          endedAt: NOW.toISOString(),
        },
      },
      [],
    ])
    const over = following(ended ? [ended] : [], live)
    expect(over).toEqual({ ...live, status: 'ended', endedAt: NOW.toISOString() })
    expect(end(over, 'signed-out', at())).toEqual([])
    expect(isLive(over, NOW)).toBe(false)
    expect(end(live, 'signed-out', at(OVER))).toEqual([])
  })

  it('takes other groups whole, and nothing when they are what they were or it is over', () => {
    const changed = changeGroups(live, ['b'], at())
    const { id: sessionId, subject, email, kid, issuedAt, expiresAt } = live
    expect(changed).toEqual([
      {
        type: 'session.groups-changed',
        data: { sessionId, subject, email, kid, issuedAt, expiresAt, groups: ['b'] },
      },
    ])
    expect(following(changed, live)).toEqual({ ...live, groups: ['b'] })
    expect(changeGroups(live, ['a', 'b'], at())).toEqual([])
    expect(changeGroups(live, [], at())).toHaveLength(1)
    expect(changeGroups(live, ['b'], at(OVER))).toEqual([])
  })

  it('has a log that begins with its start', () => {
    const [ended] = end(live, 'account-suspended', at())
    if (!ended) throw new Error('it was live')
    expect(() => evolve(undefined, ended)).toThrow('the log of ses_1 begins with session.ended')
  })

  it('is found by whose it is, and by whether it is live', () => {
    expect(labelsOf(live)).toEqual(['status=live', 'subject=google#1'])
  })

  it('says in its token who it is, for the platform alone, and no group', () => {
    const issuer = 'https://i.example'
    expect(claimsOf(live, issuer)).toEqual({
      ...{ iss: issuer, sub: 'google#1', client_id: 'google#1', aud: issuer, jti: 'ses_1' },
      iat: Date.parse('2026-03-01T12:00:00Z') / 1_000,
      exp: OVER.getTime() / 1_000,
    })
  })
})

describe('the groups that a directory tells', () => {
  it('are kept in one order, each once, without those that no rule can name', () => {
    expect(groupsFrom(['b', 'a', 'b', 'c', 'two words', 'x,y', ''])).toEqual(['a', 'b', 'c'])
  })

  it('are too many to keep beyond a limit, and none is left out silently', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`)
    expect(groupsFrom(many(MOST_GROUPS))).toHaveLength(500)
    expect(groupsFrom(many(MOST_GROUPS + 1))).toBeUndefined()
  })
})
