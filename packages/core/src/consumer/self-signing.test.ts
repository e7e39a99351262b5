import { describe, expect, it } from 'vitest'
import type { Cause } from '../events/envelope.ts'
import type { Consumer, ConsumerFact } from './consumer.ts'
import { evolve, register } from './consumer.ts'
import {
  approveGrants,
  changeGrants,
  MOST_REFUSED_TOKENS,
  revokeTokens,
  rotateSecret,
} from './self-signing.ts'

const NOW = Date.UTC(2026, 2, 1, 12)
const at = (seconds: number) => new Date(NOW + seconds * 1_000)
const cause = (seconds = 0, actor = 'con_operator'): Cause => ({
  actor,
  correlationId: 'request',
  now: at(seconds),
})

const fold = (facts: readonly ConsumerFact[], from?: Consumer): Consumer => {
  const state = facts.reduce<Consumer | undefined>(
    (before, one) => evolve(before, one, at(0).toISOString()),
    from,
  )
  if (!state) throw new Error('nothing happened')
  return state
}

const described = { name: 'Media', type: 'partner', owner: 'media' } as const
const plain = fold(register('con_1', described))
const signer = fold(register('con_1', { ...described, selfSigning: { longestTokenSeconds: 900 } }))

const grant = (environment: string, ...paths: readonly string[]) => ({
  apiId: 'api_1' as const,
  api: 'housing',
  environment,
  routes: paths.map((path) => ({ method: 'GET' as const, path })),
})

/** The consumer after a command that must be let through. */
const afterwards = (
  consumer: Consumer,
  decided: { readonly ok: boolean; readonly value?: readonly ConsumerFact[] },
): Consumer => {
  if (!decided.ok || !decided.value) throw new Error('refused')
  return fold(decided.value, consumer)
}

describe('a consumer that does not sign its own tokens', () => {
  it('has no grants, no keys and no tokens of its own', () => {
    const refused = { ok: false, error: 'consumer_not_self_signing' }
    expect(changeGrants(plain, [], false, cause())).toEqual(refused)
    expect(approveGrants(plain, cause())).toEqual(refused)
    expect(rotateSecret(plain, 'con_1.key_1', 0, cause())).toEqual(refused)
    expect(revokeTokens(plain, { tokenId: 'a', reason: 'requested' }, cause())).toEqual(refused)
  })

  it('can still lose everything that was issued to it before an instant', () => {
    const mark = { issuedBefore: at(0).toISOString(), reason: 'compromised' } as const
    const marked = afterwards(plain, revokeTokens(plain, mark, cause()))
    expect(marked.issuedBefore).toBe(at(0).toISOString())
    expect(marked.selfSigning).toBeUndefined()
    expect(revokeTokens(marked, mark, cause())).toEqual({ ok: true, value: [] })
  })
})

describe('the grants of a consumer', () => {
  const more = [grant('production', '/a', '/b')]

  it('change at once where nobody has to approve, and not when they are the same', () => {
    const changed = afterwards(signer, changeGrants(signer, [grant('staging', '/a')], false, cause()))
    expect(changed.selfSigning?.grants).toEqual([grant('staging', '/a')])
    expect(changeGrants(changed, [grant('staging', '/a')], false, cause())).toEqual({ ok: true, value: [] })
  })

  it('wait for somebody else where more would open, and are narrowed at once', () => {
    const waiting = afterwards(signer, changeGrants(signer, more, true, cause()))
    expect(waiting.selfSigning).toMatchObject({ grants: [], requested: { requestedBy: 'con_operator' } })
    expect(approveGrants(waiting, cause())).toEqual({ ok: false, error: 'approver_is_requester' })
    const open = afterwards(waiting, approveGrants(waiting, cause(1, 'con_other')))
    expect(open.selfSigning?.grants).toEqual(more)
    expect(open.selfSigning).not.toHaveProperty('requested')
    expect(approveGrants(open, cause(2, 'con_other'))).toEqual({ ok: false, error: 'grants_not_requested' })
    const narrowed = afterwards(open, changeGrants(open, [grant('production', '/a')], true, cause()))
    expect(narrowed.selfSigning?.grants).toEqual([grant('production', '/a')])
  })

  it('forget what waits when something else is asked for', () => {
    const waiting = afterwards(signer, changeGrants(signer, more, true, cause()))
    const closed = afterwards(waiting, changeGrants(waiting, [], false, cause()))
    expect(closed.selfSigning).not.toHaveProperty('requested')
  })
})

describe('the keys of a consumer', () => {
  const first = afterwards(signer, rotateSecret(signer, 'con_1.key_1', 60, cause()))
  const second = afterwards(first, rotateSecret(first, 'con_1.key_2', 60, cause(10)))

  it('are accepted until their overlap is over', () => {
    expect(first.selfSigning?.keys).toEqual([{ kid: 'con_1.key_1' }])
    expect(second.selfSigning?.keys).toEqual([
      { kid: 'con_1.key_1', until: at(70).toISOString() },
      { kid: 'con_1.key_2' },
    ])
  })

  it('are never accepted longer because another key came', () => {
    const third = afterwards(second, rotateSecret(second, 'con_1.key_3', 3_600, cause(20)))
    expect(third.selfSigning?.keys.map(({ until }) => until)).toEqual([
      at(70).toISOString(),
      at(3_620).toISOString(),
      undefined,
    ])
  })

  it('leave once their time is over, and at once without an overlap', () => {
    const third = afterwards(second, rotateSecret(second, 'con_1.key_3', 0, cause(20)))
    expect(third.selfSigning?.keys).toEqual([{ kid: 'con_1.key_3' }])
    const later = afterwards(second, rotateSecret(second, 'con_1.key_3', 60, cause(70)))
    expect(later.selfSigning?.keys.map(({ kid }) => kid)).toEqual(['con_1.key_2', 'con_1.key_3'])
  })

  it('are added once, however often that is said', () => {
    expect(rotateSecret(second, 'con_1.key_2', 60, cause(10))).toEqual({ ok: true, value: [] })
  })
})

describe('the refused tokens of a consumer', () => {
  const refuse = (consumer: Consumer, tokenId: string, seconds = 0) =>
    revokeTokens(consumer, { tokenId, reason: 'requested' }, cause(seconds))

  it('are kept until none of them can be alive', () => {
    const one = afterwards(signer, refuse(signer, 'a'))
    expect(one.selfSigning?.refused).toEqual([{ tokenId: 'a', until: at(960).toISOString() }])
    expect(refuse(one, 'a', 1)).toEqual({ ok: true, value: [] })
    const two = afterwards(one, refuse(one, 'b', 960))
    expect(two.selfSigning?.refused.map(({ tokenId }) => tokenId)).toEqual(['b'])
  })

  it('are bounded', () => {
    const refused = Array.from({ length: MOST_REFUSED_TOKENS }, (_, index) => ({
      tokenId: `t${index}`,
      until: at(900).toISOString(),
    }))
    const full: Consumer = {
      ...signer,
      selfSigning: { longestTokenSeconds: 900, grants: [], keys: [], refused },
    }
    expect(refuse(full, 'one-more')).toEqual({ ok: false, error: 'refusals_full' })
    expect(refuse(full, 'one-more', 900).ok).toBe(true)
  })

  it('leave a mark that never moves back', () => {
    const mark = (consumer: Consumer, seconds: number) =>
      revokeTokens(consumer, { issuedBefore: at(seconds).toISOString(), reason: 'requested' }, cause())
    const marked = afterwards(signer, mark(signer, 10))
    expect(mark(marked, 5)).toEqual({ ok: true, value: [] })
    expect(afterwards(marked, mark(marked, 20)).issuedBefore).toBe(at(20).toISOString())
  })
})
