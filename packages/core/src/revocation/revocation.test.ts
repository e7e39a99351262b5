import { describe, expect, it } from 'vitest'
import {
  begin,
  complete,
  evolve,
  issuedBeforeOf,
  labelsOf,
  mayComplete,
  type Revocation,
  type RevocationFact,
  revocationIdOf,
  STANDS_AT_LEAST_SECONDS,
} from './revocation.ts'

const NOW = new Date('2026-01-01T00:00:00.400Z')
const at = (now = NOW) => ({ actor: 'con_1', correlationId: 'c', now })
const asked = (issuedBefore: string) => ({ target: 'api_1', reason: 'compromised', issuedBefore }) as const

const following = (facts: readonly RevocationFact[], known?: Revocation): Revocation => {
  const state = facts.reduce<Revocation | undefined>(
    (before, one) => evolve(before, one, NOW.toISOString()),
    known,
  )
  if (!state) throw new Error('nothing happened')
  return state
}
const marked = begin(undefined, asked('2026-01-01T00:00:01.000Z'), at())
const begun = following(marked)

describe('the log of a set', () => {
  it('is one for each target, and keeps when it was begun first', () => {
    expect([revocationIdOf('api_1'), revocationIdOf('everybody')]).toEqual(['set-api_1', 'set-everybody'])
    const [again] = begin(begun, asked('2026-01-02T00:00:00Z'), at())
    if (!again) throw new Error('a later set is one')
    expect(evolve(begun, again, '2026-01-01T06:00:00.000Z').begunAt).toBe(NOW.toISOString())
  })

  it('begins with nothing but a set that is refused', () => {
    const [completed] = complete(begun, at())
    if (!completed) throw new Error('it was begun')
    expect(() => evolve(undefined, completed, NOW.toISOString())).toThrow(
      'the log of api_1 begins with revocation.completed',
    )
  })
})

describe('a set of tokens', () => {
  it('holds what is issued in this very second, and never what will be', () => {
    expect(issuedBeforeOf({}, NOW)).toEqual({ ok: true, value: '2026-01-01T00:00:01.000Z' })
    const given = (issuedBefore: string) => issuedBeforeOf({ issuedBefore }, NOW)
    expect(given('2025-06-01T00:00:00.900Z')).toEqual({ ok: true, value: '2025-06-01T00:00:00.000Z' })
    expect(given('2026-01-01T00:01:00Z').ok).toBe(true)
    expect(given('2026-01-01T00:01:01Z')).toEqual({ ok: false, error: 'issued_before_in_future' })
  })

  it('is refused up to the latest instant that was said, as long as it stands', () => {
    expect(begin(begun, asked('2025-12-01T00:00:00Z'), at())).toEqual([])
    expect(begin(begun, asked('2026-01-01T00:00:01.000Z'), at())).toEqual([])
    const later = following(begin(begun, asked('2026-01-02T00:00:00Z'), at()), begun)
    expect(later).toMatchObject({ status: 'begun', issuedBefore: '2026-01-02T00:00:00Z' })
    const completed = following(complete(begun, at()), begun)
    expect(begin(completed, asked('2025-12-01T00:00:00Z'), at())).toHaveLength(1)
  })

  it('stays on the fence until everything that the ledger does not know is over', () => {
    const end = Date.parse(begun.issuedBefore) + STANDS_AT_LEAST_SECONDS * 1_000
    expect(STANDS_AT_LEAST_SECONDS, 'a day, and clocks and lists that are behind').toBe(86_700)
    expect(mayComplete(begun, new Date(end - 1))).toBe(false)
    expect(mayComplete(begun, new Date(end))).toBe(true)
    const early = following(begin(undefined, asked('2020-01-01T00:00:00Z'), at()))
    expect(mayComplete(early, new Date(NOW.getTime() + STANDS_AT_LEAST_SECONDS * 1_000 - 1))).toBe(false)
  })

  it('is completed once, and found by what is left to do', () => {
    const completed = following(complete(begun, at()), begun)
    expect(complete(begun, at())).toEqual([
      { type: 'revocation.completed', data: { target: 'api_1', completedAt: NOW.toISOString() } },
    ])
    expect(complete(completed, at())).toEqual([])
    expect([labelsOf(begun), labelsOf(completed)]).toEqual([['status=begun'], ['status=completed']])
  })
})
