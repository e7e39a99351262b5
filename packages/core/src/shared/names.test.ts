import { describe, expect, it } from 'vitest'
import { ALGORITHMS, DEFAULT_ALGORITHM, isAlgorithm } from './algorithm.ts'
import { lockdownEntriesAt, lockdownEntry } from './lockdown-scope.ts'
import { isUnavailable, Unavailable } from './unavailable.ts'
import { usageKeyOf } from './usage-key.ts'

describe('an algorithm', () => {
  it('is one of four, by its own name alone, and HS512 unless configured otherwise', () => {
    expect(ALGORITHMS.filter(isAlgorithm)).toEqual(['HS512', 'EdDSA', 'ES256', 'ML-DSA-44'])
    for (const other of ['none', 'HS256', 'RS256', 'hs512', '', 'toString', ['HS512'], undefined, null])
      expect(isAlgorithm(other)).toBe(false)
    expect(DEFAULT_ALGORITHM).toBe('HS512')
  })
})

describe('the entries of a lockdown in the fence', () => {
  it('name what is locked', () => {
    expect(lockdownEntry({})).toBe('lockdown')
    expect(lockdownEntry({ apiId: 'api_a' })).toBe('lockdown#api_a/*')
    expect(lockdownEntry({ environment: 'staging' })).toBe('lockdown#*/staging')
    expect(lockdownEntry({ apiId: 'api_a', environment: 'staging' })).toBe('lockdown#api_a/staging')
  })

  it('that close a deployment are four, the most sweeping first', () => {
    expect(lockdownEntriesAt({ apiId: 'api_a', environment: 'staging' })).toEqual([
      ...['lockdown', 'lockdown#*/staging', 'lockdown#api_a/*', 'lockdown#api_a/staging'],
    ])
  })
})

describe('what tokens are counted by', () => {
  it('is the plan and the consumer, whichever of its tokens it is', () => {
    expect(usageKeyOf('plan_00ff', 'con_11ee')).toBe('usage-00ff-11ee')
  })
})

describe('weather', () => {
  it('is told from a defect, however deep it lies among the causes', () => {
    const rain = new Unavailable('the disk is away')
    expect(String(rain)).toBe('Unavailable: the disk is away')
    expect(isUnavailable(rain)).toBe(true)
    expect(isUnavailable(new Error('x', { cause: new Error('y', { cause: rain }) }))).toBe(true)
    for (const other of [
      new Error('x'),
      new Error('x', { cause: new TypeError('y') }),
      { cause: rain },
      'Unavailable',
      null,
      undefined,
    ])
      expect(isUnavailable(other)).toBe(false)
  })
})
