import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cause } from '../events/envelope.ts'
import { endOf, stateAt } from './ends.ts'
import { labelsOf } from './labels.ts'
import {
  approve,
  claimsOf,
  collect,
  disable,
  enable,
  evolve,
  isIssued,
  issue,
  reject,
  request,
  revoke,
  type Token,
  type TokenFact,
} from './token.ts'

const NOW = new Date('2026-01-01T00:00:00.400Z')
const EXPIRES = '2026-02-01T00:00:00.000Z'
const by = (actor: string, now = NOW): Cause => ({ actor, correlationId: 'c', now })
const LATE = new Date(EXPIRES)

const command = {
  tokenId: 'tok_1',
  consumerId: 'con_1',
  consumer: 'housing',
  grants: [
    { apiId: 'api_1', api: 'tenancies', environment: 'staging', routes: [{ method: 'GET', path: '/x' }] },
    { apiId: 'api_1', api: 'tenancies', environment: 'production', routes: [{ method: 'GET', path: '/x' }] },
  ],
  expiresAt: EXPIRES,
  reason: 'the new desk',
} as const satisfies Parameters<typeof issue>[0]

const given = (facts: readonly TokenFact[]): Token => {
  const token = facts.reduce<Token | undefined>(
    (state, one) => evolve(state, one, NOW.toISOString()),
    undefined,
  )
  if (!token) throw new Error('nothing happened')
  return token
}
const then = (result: ReturnType<typeof approve>) =>
  result.ok ? result.value.map(({ type }) => type).join() || 'nothing' : result.error
const after = (token: Token, result: ReturnType<typeof approve>): Token =>
  result.ok ? result.value.reduce<Token>((state, one) => evolve(state, one, NOW.toISOString()), token) : token

const active = given(issue(command, 'key_1', by('ann')))
const requested = given(request(command, by('ann')))
const approved = after(requested, approve(requested, by('bob')))
const rejected = after(requested, reject(requested, 'no', by('bob')))
const collected = after(approved, collect(approved, 'key_2', by('ann')))
const disabled = after(active, disable(active, undefined, by('bob')))
const revoked = after(disabled, revoke(disabled, { reason: 'compromised' }, by('bob')))
const all = { active, requested, approved, rejected, disabled, revoked }

describe('the life of a token', () => {
  const verbs = {
    approve: (token: Token) => approve(token, by('bob')),
    reject: (token: Token) => reject(token, undefined, by('bob')),
    collect: (token: Token) => collect(token, 'key_2', by('ann')),
    disable: (token: Token) => disable(token, 'note', by('bob')),
    enable: (token: Token) => enable(token, by('bob')),
    revoke: (token: Token) => revoke(token, { reason: 'requested' }, by('bob')),
  }

  it.for<[keyof typeof verbs, Record<keyof typeof all, string>]>([
    [
      'approve',
      {
        active: 'token_not_requested',
        requested: 'token.approved',
        approved: 'nothing',
        rejected: 'token_not_requested',
        disabled: 'token_not_requested',
        revoked: 'token_not_requested',
      },
    ],
    [
      'reject',
      {
        active: 'token_not_requested',
        requested: 'token.rejected',
        approved: 'token.rejected',
        rejected: 'nothing',
        disabled: 'token_not_requested',
        revoked: 'token_not_requested',
      },
    ],
    [
      'collect',
      {
        active: 'token_not_approved',
        requested: 'token_not_approved',
        approved: 'token.issued,token.collected',
        rejected: 'token_not_approved',
        disabled: 'token_not_approved',
        revoked: 'token_not_approved',
      },
    ],
    [
      'disable',
      {
        active: 'token.disabled',
        requested: 'token_not_active',
        approved: 'token_not_active',
        rejected: 'token_not_active',
        disabled: 'nothing',
        revoked: 'token_revoked',
      },
    ],
    [
      'enable',
      {
        active: 'nothing',
        requested: 'token_not_disabled',
        approved: 'token_not_disabled',
        rejected: 'token_not_disabled',
        disabled: 'token.enabled',
        revoked: 'token_revoked',
      },
    ],
    [
      'revoke',
      {
        active: 'token.revoked',
        requested: 'token_not_issued',
        approved: 'token_not_issued',
        rejected: 'token_not_issued',
        disabled: 'token.revoked',
        revoked: 'nothing',
      },
    ],
  ])('%s, from every state', ([verb, expected]) => {
    expect(
      Object.fromEntries(Object.entries(all).map(([state, token]) => [state, then(verbs[verb](token))])),
    ).toEqual(expected)
  })

  it('needs two people where somebody has to agree', () => {
    expect(then(approve(requested, by('ann')))).toBe('approver_is_requester')
    expect(then(collect(approved, 'key_2', by('bob')))).toBe('collector_is_not_requester')
    expect(collected).toMatchObject({ status: 'active', kid: 'key_2', requestedBy: 'ann', approvedBy: 'bob' })
    expect(then(collect(collected, 'key_3', by('ann')))).toBe('token_not_approved')
  })

  it('is issued no earlier than it was asked for, by a clock that is behind', () => {
    const behind = new Date(NOW.getTime() - 4_000)
    const facts = collect(approved, 'key_2', by('ann', behind))
    expect(approved.createdAt).toBe(NOW.toISOString())
    expect(facts).toMatchObject({ ok: true, value: [{ data: { issuedAt: '2026-01-01T00:00:00.000Z' } }, {}] })
  })

  it('is over at its instant, but may be revoked after it', () => {
    const before = new Date(LATE.getTime() - 1)
    const verbs = [
      (cause: Cause) => disable(active, undefined, cause),
      (cause: Cause) => enable(disabled, cause),
    ]
    for (const verb of verbs) {
      expect(then(verb(by('bob', LATE)))).toBe('token_expired')
      expect(verb(by('bob', before)).ok).toBe(true)
    }
    expect(then(collect(approved, 'key_2', by('ann', LATE)))).toBe('token_expired')
    expect(then(revoke(active, { reason: 'requested' }, by('bob', LATE)))).toBe('token.revoked')
    expect(stateAt(active, before)).toBe('active')
    expect([active, disabled, revoked, requested, rejected].map((token) => stateAt(token, LATE))).toEqual([
      'expired',
      'expired',
      'revoked',
      'lapsed',
      'rejected',
    ])
  })

  it('lapses after 14 days without an answer, and can get none afterwards', () => {
    const lapses = new Date(NOW.getTime() + 14 * 86_400_000)
    const before = new Date(lapses.getTime() - 1)
    expect(stateAt(requested, before)).toBe('requested')
    expect(then(approve(requested, by('bob', before)))).toBe('token.approved')
    expect(stateAt(requested, lapses)).toBe('lapsed')
    expect(endOf(requested)).toBe(lapses.toISOString())
    expect(then(approve(requested, by('bob', lapses)))).toBe('token_lapsed')
    expect(then(reject(requested, undefined, by('bob', lapses)))).toBe('token_lapsed')
    expect(stateAt(approved, lapses)).toBe('approved')
    expect(then(reject(approved, undefined, by('bob', lapses)))).toBe('token.rejected')
  })

  it('cannot be approved once the end that was asked for is over', () => {
    const soon = given(request({ ...command, expiresAt: '2026-01-02T00:00:00.000Z' }, by('ann')))
    expect(then(approve(soon, by('bob', new Date('2026-01-02T00:00:00Z'))))).toBe('token_expired')
    expect(stateAt(soon, new Date('2026-01-02T00:00:00Z'))).toBe('lapsed')
  })

  const seed = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)

  it(`stays revoked whatever is commanded afterwards (seed ${seed})`, () => {
    const names = Object.keys(verbs) as (keyof typeof verbs)[]
    fc.assert(
      fc.property(
        fc.constantFrom(active, requested),
        fc.array(fc.constantFrom(...names), { maxLength: 20 }),
        (start, commands) => {
          let token: Token = start
          for (const name of commands) {
            const next = after(token, verbs[name](token))
            if (token.status === 'revoked') expect(next).toEqual(token)
            if (token.status === 'rejected') expect(next.status).toBe('rejected')
            token = next
          }
        },
      ),
      { seed, numRuns: 500 },
    )
  })

  it('cannot begin with anything but a request or an issue', () => {
    const [fact] = issue(command, 'key_1', by('ann'))
    const revocation = revoke(active, { reason: 'requested' }, by('ann'))
    expect(fact?.type).toBe('token.issued')
    expect(() => given(revocation.ok ? revocation.value : [])).toThrow('begins with token.revoked')
  })
})

describe('what is said of a token', () => {
  const said = (result: ReturnType<typeof approve>) => (result.ok ? result.value.map(({ data }) => data) : [])
  const tokenId = 'tok_1'
  const note = 'why'

  it('names who did it, and when what the authorizer reads ends', () => {
    expect(said(reject(requested, note, by('bob')))).toEqual([{ tokenId, rejectedBy: 'bob', note }])
    expect(said(collect(approved, 'key_2', by('ann')))[1]).toEqual({ tokenId, collectedBy: 'ann' })
    const ends = { tokenId, expiresAt: EXPIRES }
    const at = NOW.toISOString()
    expect(said(disable(active, note, by('bob')))).toEqual([{ ...ends, disabledAt: at, note }])
    expect(said(enable(disabled, by('bob')))).toEqual([{ ...ends, enabledAt: at }])
    expect(said(revoke(active, { reason: 'compromised', note }, by('bob')))).toEqual([
      { ...ends, revokedAt: at, reason: 'compromised', note },
    ])
  })

  it('leaves it as it was before when it is enabled again', () => {
    expect(after(disabled, enable(disabled, by('bob')))).toEqual(active)
  })
})

describe('the claims of a token', () => {
  it('follow from its state alone, in whole seconds', () => {
    if (!isIssued(collected)) throw new Error('it was collected')
    expect(claimsOf(collected, 'https://i.example')).toEqual({
      iss: 'https://i.example',
      sub: 'con_1',
      client_id: 'con_1',
      aud: ['api_1'],
      jti: 'tok_1',
      iat: Date.parse('2026-01-01T00:00:00Z') / 1_000,
      exp: Date.parse(EXPIRES) / 1_000,
    })
    expect(isIssued(approved)).toBe(false)
  })

  it('are not among the labels it is found by', () => {
    const labels = labelsOf(active)
    expect(new Set(labels).size).toBe(labels.length)
    expect(labels).toEqual(
      expect.arrayContaining([
        'status=active',
        'consumer=con_1',
        'api=api_1',
        'api=tenancies',
        'environment=staging',
        'environment=production',
      ]),
    )
    expect(labelsOf(revoked)).toContain('status=revoked')
  })

  it('are found by their key from the issue on, and among those that may be alive until they are revoked', () => {
    for (const token of [active, disabled, collected])
      expect(labelsOf(token)).toEqual(expect.arrayContaining(['issued', `kid=${token.kid}`]))
    expect(labelsOf(revoked)).toContain('kid=key_1')
    expect(labelsOf(revoked)).not.toContain('issued')
    for (const token of [requested, approved, rejected])
      expect(labelsOf(token).filter((label) => !label.includes('=') || label.startsWith('kid='))).toEqual([])
  })
})
