import { describe, expect, it } from 'vitest'
import { Redacted } from '../shared/redacted.ts'
import {
  type ApiKey,
  type ApiKeyFact,
  create,
  disable,
  evolve,
  labelsOf,
  nextGeneration,
  retire,
  rotate,
  valuesAt,
} from './api-key.ts'
import { compileKeyPlans, type KeyablePlan } from './key-request.ts'
import { digestOfValue, keyValueOf } from './value.ts'

const START = Date.UTC(2026, 0, 1)
const causeAt = (seconds: number) => ({
  actor: 'ann',
  correlationId: 'c',
  now: new Date(START + seconds * 1_000),
})
const PLAN = {
  planId: 'plan_1',
  name: 'gold',
  apiId: 'api_1',
  api: 'tenancies',
  environment: 'staging',
} as const

const apply = (key: ApiKey | undefined, facts: readonly ApiKeyFact[], seconds: number): ApiKey => {
  const time = causeAt(seconds).now.toISOString()
  const after = facts.reduce<ApiKey | undefined>((before, fact) => evolve(before, fact, time), key)
  if (!after) throw new Error('there is no key')
  return after
}
const created = apply(
  undefined,
  create({ id: 'apikey_1', consumerId: 'con_1', consumer: 'Repairs', plans: [PLAN] }, 'first', causeAt(0)),
  0,
)
const rotated = (key: ApiKey, seconds: number, overlapSeconds: number, digest = 'next'): ApiKey => {
  const facts = rotate(key, { digest, overlapSeconds }, causeAt(seconds))
  if (!facts.ok) throw new Error(facts.error)
  return apply(key, facts.value, seconds)
}
const disabled = (key: ApiKey, seconds: number): ApiKey => {
  const facts = disable(key, 'left', causeAt(seconds))
  return apply(key, facts.ok ? facts.value : [], seconds)
}
const digestsAt = (key: ApiKey, seconds: number) =>
  valuesAt(key, causeAt(seconds).now).map(({ digest }) => digest)

describe('an API key', () => {
  it('has one value that works from the start', () => {
    expect(digestsAt(created, 0)).toEqual(['first'])
    expect(nextGeneration(created)).toBe(2)
  })

  it('has two that work after a rotation, until the time of the first is over', () => {
    const key = rotated(created, 10, 60)
    expect(digestsAt(key, 69.999)).toEqual(['first', 'next'])
    expect(digestsAt(key, 70)).toEqual(['next'])
    expect(labelsOf(key)).toContain('overlapping')
  })

  it('has one after a rotation without overlap', () => {
    const key = rotated(created, 10, 0)
    expect(digestsAt(key, 10)).toEqual(['next'])
    expect(labelsOf(key)).not.toContain('overlapping')
  })

  it('never has three: another rotation ends the oldest at once', () => {
    const key = rotated(rotated(created, 10, 600), 20, 600, 'third')
    expect(digestsAt(key, 20)).toEqual(['next', 'third'])
  })

  it('is told that the value before is over, once, and not before it is', () => {
    const key = rotated(created, 10, 60)
    expect(retire(key, causeAt(69))).toEqual([])
    const facts = retire(key, causeAt(70))
    expect(facts).toMatchObject([{ type: 'api-key.retired', data: { generation: 1 } }])
    const after = apply(key, facts, 70)
    expect(retire(after, causeAt(1_000))).toEqual([])
    expect(labelsOf(after)).not.toContain('overlapping')
    expect(digestsAt(after, 70)).toEqual(['next'])
  })

  it('keeps the value of a later rotation when an earlier end is told late', () => {
    const first = rotated(created, 10, 60)
    const late = retire(first, causeAt(70))
    const second = rotated(first, 65, 60, 'third')
    expect(digestsAt(apply(second, late, 71), 71)).toEqual(['next', 'third'])
  })

  it('has none once it is disabled, for good; twice is not an error', () => {
    const key = disabled(rotated(created, 10, 60), 20)
    expect(digestsAt(key, 20)).toEqual([])
    expect(disable(key, undefined, causeAt(30))).toEqual({ ok: true, value: [] })
    expect(rotate(key, { digest: 'x', overlapSeconds: 1 }, causeAt(30))).toEqual({
      ok: false,
      error: 'api_key_disabled',
    })
  })

  it('does not begin with anything but its creation', () => {
    const [fact] = rotate(created, { digest: 'x', overlapSeconds: 1 }, causeAt(1)).ok
      ? retire(rotated(created, 0, 1), causeAt(9))
      : []
    expect(() => evolve(undefined, fact as ApiKeyFact, '')).toThrow('begins with api-key.retired')
  })
})

describe('the value of an API key', () => {
  const secret = new Redacted(Buffer.alloc(64, 7).toString('base64url'))
  const other = new Redacted(Buffer.alloc(64, 8).toString('base64url'))

  it('is of a length that API Gateway takes, and of letters, digits and a dash', () => {
    expect(keyValueOf(secret, 'apikey_1', 1).reveal()).toMatch(/^csk-[0-9a-f]{64}$/)
  })

  it('is the same for the same, and another for another key, generation or secret', () => {
    const values = [
      keyValueOf(secret, 'apikey_1', 1),
      keyValueOf(secret, 'apikey_1', 2),
      keyValueOf(secret, 'apikey_11', 1),
      keyValueOf(secret, 'apikey_2', 1),
      keyValueOf(other, 'apikey_1', 1),
    ].map((value) => value.reveal())
    expect(new Set(values).size).toBe(values.length)
    expect(keyValueOf(secret, 'apikey_1', 1).reveal()).toBe(values[0])
  })

  it('prints as [redacted], and its digest is no part of it', () => {
    const value = keyValueOf(secret, 'apikey_1', 1)
    expect(`${value} ${JSON.stringify(value)}`).not.toContain(value.reveal().slice(0, 12))
    expect(digestOfValue(value)).toMatch(/^sha-256:[\w-]{43}$/)
    expect(digestOfValue(value)).not.toContain(value.reveal().slice(4, 12))
  })
})

describe('the plans of an API key', () => {
  const plan = (name: string, more: Partial<KeyablePlan> = {}): KeyablePlan => ({
    id: `plan_${name}`,
    name,
    apiId: 'api_1',
    api: 'tenancies',
    environment: 'staging',
    hasKeyRoutes: true,
    ...more,
  })
  const known = new Map(
    [
      plan('gold'),
      plan('silver'),
      plan('production', { environment: 'production' }),
      plan('tokens', { apiId: 'api_2', hasKeyRoutes: false }),
    ].map((one) => [one.name, one]),
  )
  const compiled = (...names: readonly string[]) => compileKeyPlans(names, (name) => known.get(name))

  it('are one for each API and environment', () => {
    expect(compiled('gold', 'production')).toMatchObject({
      ok: true,
      value: [{ planId: 'plan_gold', name: 'gold', environment: 'staging' }, { planId: 'plan_production' }],
    })
  })

  it('are refused each where it stands', () => {
    expect(compiled('gold', 'silver', 'nowhere', 'tokens')).toMatchObject({
      ok: false,
      error: [
        { pointer: '/plans/1', code: 'usage_plan_repeated' },
        { pointer: '/plans/2', code: 'usage_plan_not_found' },
        { pointer: '/plans/3', code: 'api_key_opens_nothing' },
      ],
    })
  })
})
