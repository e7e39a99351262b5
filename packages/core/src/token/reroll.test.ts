import { describe, expect, it } from 'vitest'
import type { Cause } from '../events/envelope.ts'
import { approvalOf, endOf, stateAt } from './ends.ts'
import { labelsOf } from './labels.ts'
import { remind } from './reminder.ts'
import { rerollable, successorExpiry, successorOf, supersede } from './reroll.ts'
import * as Token from './token.ts'

const NOW = new Date('2026-01-01T00:00:00.400Z')
const DAY = 86_400_000
const at = (days: number) => new Date(Date.UTC(2026, 0, 1) + days * DAY)
const by = (actor: string, now = NOW): Cause => ({ actor, correlationId: 'c', now })

const grantIn = (environment: string) =>
  ({ apiId: 'api_1', api: 'tenancies', environment, routes: [{ method: 'GET', path: '/x' }] }) as const

const command = (environment: string, expiresAt: Date): Token.IssueToken => ({
  tokenId: 'tok_1',
  consumerId: 'con_1',
  consumer: 'housing',
  grants: [{ ...grantIn(environment), routes: [{ method: 'GET', path: '/x' }] }],
  expiresAt: expiresAt.toISOString(),
  reason: 'the new desk',
})

const apply = (facts: readonly Token.TokenFact[], token?: Token.Token, now = NOW): Token.Token => {
  const state = facts.reduce<Token.Token | undefined>(
    (before, one) => Token.evolve(before, one, now.toISOString()),
    token,
  )
  if (!state) throw new Error('nothing happened')
  return state
}
const must = <T>(
  result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown },
): T => {
  if (!result.ok) throw new Error(String(result.error))
  return result.value
}
const issued = (token: Token.Token): Token.IssuedToken => {
  if (!Token.isIssued(token)) throw new Error('it was not issued')
  return token
}

const active = issued(apply(Token.issue(command('staging', at(90)), 'key_1', by('ann'))))
const requested = apply(Token.request(command('production', at(90)), by('ann')))
const approved = apply(must(Token.approve(requested, by('bob'))), requested)
const collected = issued(apply(must(Token.collect(approved, 'key_1', by('ann'))), approved))
const disabled = apply(must(Token.disable(active, undefined, by('bob'))), active)
const revoked = apply(must(Token.revoke(active, { reason: 'requested' }, by('bob'))), active)
const rerolled = apply(supersede(active, 'tok_2', 3_600, by('ann')), active)

const verdict = (token: Token.Token, cause = by('ann')) => {
  const found = rerollable(token, cause)
  return found.ok ? 'ok' : found.error
}

describe('a token that is rerolled', () => {
  it('has to be alive, and can have one successor alone', () => {
    expect(verdict(active)).toBe('ok')
    expect(verdict(disabled)).toBe('token_disabled')
    expect(verdict(revoked)).toBe('token_revoked')
    expect(verdict(requested)).toBe('token_not_issued')
    expect(verdict(approved)).toBe('token_not_issued')
    expect(verdict(rerolled)).toBe('token_rerolled')
    expect(verdict(active, by('ann', at(90)))).toBe('token_expired')
    expect(verdict(disabled, by('ann', at(90)))).toBe('token_expired')
  })

  it('is renewed by who asked for it, or by its consumer, where somebody had to approve', () => {
    expect(verdict(collected, by('ann'))).toBe('ok')
    expect(verdict(collected, by('con_1'))).toBe('ok')
    expect(verdict(collected, by('bob'))).toBe('reroller_is_not_requester')
    expect(verdict(active, by('bob'))).toBe('ok')
  })

  it('lives for the grace, never beyond its own end, and not at all without one', () => {
    const until = (seconds: number, now = NOW) =>
      supersede(active, 'tok_2', seconds, by('ann', now)).map(({ data }) => 'until' in data && data.until)
    expect(until(3_600)).toEqual(['2026-01-01T01:00:00.000Z'])
    expect(until(0)).toEqual(['2026-01-01T00:00:00.000Z'])
    expect(until(7_200, new Date(at(90).getTime() - 60_000))).toEqual([at(90).toISOString()])
  })

  it('is over at the end of its grace, and cannot be brought back', () => {
    const end = new Date('2026-01-01T01:00:00Z')
    expect(stateAt(rerolled, new Date(end.getTime() - 1))).toBe('active')
    expect(stateAt(rerolled, end)).toBe('expired')
    expect(endOf(rerolled)).toBe(end.toISOString())
    const stopped = apply(must(Token.disable(rerolled, undefined, by('bob'))), rerolled)
    expect(Token.enable(stopped, by('bob', end))).toEqual({ ok: false, error: 'token_expired' })
    expect(Token.revoke(rerolled, { reason: 'compromised' }, by('bob', end)).ok).toBe(true)
  })

  it('keeps the claims it was signed with', () => {
    expect(Token.claimsOf(issued(rerolled), 'i')).toEqual(Token.claimsOf(active, 'i'))
  })
})

describe('a successor', () => {
  const expiry = (token: Token.IssuedToken, now: Date, asked = {}) => {
    const found = successorExpiry(token, asked, now)
    return found.ok ? found.value : found.error.map(({ pointer, code }) => `${pointer} ${code}`).join()
  }

  it('opens the same for the same consumer, and says whose place it takes', () => {
    expect(successorOf(active, 'tok_2', at(180).toISOString())).toEqual({
      ...command('staging', at(180)),
      tokenId: 'tok_2',
      rerolledFrom: 'tok_1',
      approval: undefined,
    })
  })

  it('lives as long as its predecessor did unless it is said', () => {
    expect(expiry(active, at(60))).toBe(at(150).toISOString())
    expect(expiry(active, at(60), { expiresIn: '1d' })).toBe(at(61).toISOString())
    expect(expiry(active, at(60), { expiresIn: '366d' })).toBe('/expiresIn expiry_too_late')
    expect(expiry(active, at(60), { expiresIn: 'long' })).toBe('/expiresIn expiry_malformed')
  })

  it('of an approved token lives no longer than the approval of the first of its line', () => {
    const approval = approvalOf(collected)
    expect(approval).toEqual({ requestedBy: 'ann', approvedBy: 'bob', until: '2027-01-01T00:00:00.400Z' })
    const late = at(360)
    expect(expiry(collected, late)).toBe('2027-01-01T00:00:00.000Z')
    expect(expiry(collected, late, { expiresAt: '2027-01-02T00:00:00Z' })).toBe('/expiresAt expiry_too_late')
    expect(expiry(collected, late, { expiresIn: '30d' })).toBe('/expiresIn expiry_too_late')
    expect(expiry(collected, late, { expiresIn: '1d' })).toBe(at(361).toISOString())
    const refused = successorExpiry(collected, { expiresIn: '30d' }, late)
    expect(!refused.ok && refused.error.map(({ detail }) => detail)).toEqual([
      'the approval of this token holds until 2027-01-01T00:00:00.400Z',
    ])
    const next = successorOf(collected, 'tok_2', at(365).toISOString())
    const second = issued(apply(Token.issue(next, 'key_2', by('ann', late)), undefined, late))
    expect(approvalOf(second)).toEqual(approval)
    expect(verdict(second, by('bob', late))).toBe('reroller_is_not_requester')
    expect(expiry(second, at(364))).toBe('2027-01-01T00:00:00.000Z')
  })

  it('of a token that was approved before approvals had an end counts from the request', () => {
    const { approvedUntil: _, ...older } = collected
    expect(approvalOf(older)?.until).toBe('2027-01-01T00:00:00.400Z')
  })

  it('needs no approval where nobody had to give one', () => {
    expect(approvalOf(active)).toBeUndefined()
    expect(approvalOf(requested)).toBeUndefined()
    const { requestedBy: _, ...unasked } = collected
    expect(approvalOf(unasked)).toBeUndefined()
  })
})

describe('the reminders of a token', () => {
  const daysAt = (token: Token.Token, days: number) =>
    remind(token, by('schedule', at(days))).map(({ data }) => 'days' in data && data.days)
  const told = (token: Token.Token, days: number) => apply(remind(token, by('schedule', at(days))), token)
  const labelOf = (token: Token.Token) => labelsOf(token).filter((label) => label.startsWith('remind='))

  it('go out 30, 7 and 1 days before its end, each once', () => {
    expect(daysAt(active, 59.99)).toEqual([])
    let token: Token.Token = active
    for (const [days, label, next] of [
      [60, 30, 'remind=7'],
      [83, 7, 'remind=1'],
      [89, 1, undefined],
    ] as const) {
      expect(daysAt(token, days)).toEqual([label])
      token = told(token, days)
      expect(daysAt(token, days)).toEqual([])
      expect(labelOf(token)).toEqual(next ? [next] : [])
    }
    expect(daysAt(token, 90)).toEqual([])
  })

  it('are only the most urgent one after days in which none could go out', () => {
    expect(daysAt(active, 88)).toEqual([7])
    expect(daysAt(active, 89.5)).toEqual([1])
    expect(labelOf(told(active, 89.5))).toEqual([])
    expect(daysAt(active, 90)).toEqual([])
  })

  it.each([
    [30, ['remind=7']],
    [31, ['remind=30']],
    [7, ['remind=1']],
    [1, []],
    [0.5, []],
  ])('of a token of %s days are only those that make sense: next %j', (days, labels) => {
    const token = apply(Token.issue(command('staging', at(days)), 'key_1', by('ann', at(0))))
    expect(labelOf(token)).toEqual(labels)
    expect(daysAt(token, 0)).toEqual([])
  })

  it('go to nobody whose token is refused, has a successor, or was not issued', () => {
    for (const token of [disabled, revoked, rerolled, requested, approved]) {
      expect(daysAt(token, 89)).toEqual([])
      expect(labelOf(token)).toEqual([])
    }
  })
})
