import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf } from '../shared/duration.ts'
import { LONGEST_TOKEN_SECONDS } from '../shared/environment.ts'
import { Redacted } from '../shared/redacted.ts'
import { evolve, type KeyLog, NO_KEYS, unsaidFacts } from './key-log.ts'
import {
  describeRing,
  EMPTY_RING,
  type KeyRing,
  lostKeys,
  type SigningKey,
  signingKey,
  stateOf,
  verifiesUntil,
  withNewKey,
} from './ring.ts'

const SEED = Number(process.env.COUNTERSIGN_SEED ?? Date.now() % 1_000_000)
const at = (seconds: number) => new Date(seconds * 1_000)
const REFRESH = 60

const secretOf = (name: string) => new Redacted(createHash('sha512').update(name).digest('base64url'))

const key = (kid: `key_${string}`, signsFrom: number, createdAt = signsFrom - 2 * REFRESH): SigningKey => ({
  kid,
  algorithm: 'HS512',
  secret: secretOf(kid),
  createdAt,
  signsFrom,
})

const states = (ring: KeyRing, now: Date) => ring.keys.map((one) => stateOf(ring, one, now))

describe('the state of a key', () => {
  const ring: KeyRing = { keys: [key('key_1', 1_000), key('key_2', 2_000)] }
  const end = 2_000 + LONGEST_TOKEN_SECONDS

  it.for([
    [999, ['published', 'published']],
    [1_000, ['signing', 'published']],
    [1_999, ['signing', 'published']],
    [1_999.999, ['signing', 'published']],
    [2_000, ['verifying', 'signing']],
    [end - 1, ['verifying', 'signing']],
    [end, ['retired', 'signing']],
  ] as const)('follows from the times: at %d it is %j', ([now, expected]) => {
    expect(states(ring, at(now))).toEqual(expected)
  })

  it('verifies without end while nothing follows it', () => {
    const [first, last] = ring.keys
    expect(first && verifiesUntil(ring, first)).toBe(end)
    expect(last && verifiesUntil(ring, last)).toBeUndefined()
    expect(states(ring, at(end * 10))).toEqual(['retired', 'signing'])
  })

  it('does not depend on the order of the ring', () => {
    const reversed: KeyRing = { keys: ring.keys.toReversed() }
    for (const now of [999, 1_000, 2_000, end])
      expect(states(reversed, at(now))).toEqual(states(ring, at(now)).toReversed())
  })

  it('is decided by the later creation, then by the id, where two would sign from one instant', () => {
    const twins = [key('key_3', 1_000, 800), key('key_1', 1_000, 900), key('key_2', 1_000, 900)]
    for (const keys of [twins, twins.toReversed()]) {
      expect(signingKey({ keys }, at(1_000))?.kid).toBe('key_2')
      for (const one of keys)
        expect(verifiesUntil({ keys }, one)).toBe(
          one.kid === 'key_2' ? undefined : 1_000 + LONGEST_TOKEN_SECONDS,
        )
    }
  })

  it('is told without the secret', () => {
    const text = JSON.stringify(describeRing(ring, at(2_000)))
    for (const { secret } of ring.keys) expect(text).not.toContain(secret.reveal())
    expect(JSON.parse(text)).toMatchObject([{ state: 'verifying', verifiesUntil: end }, { state: 'signing' }])
  })
})

describe('a new key', () => {
  const add = (ring: KeyRing, kid: `key_${string}`, now: number, compromised?: string) =>
    withNewKey(
      ring,
      { kid, algorithm: 'HS512', secret: secretOf(kid) },
      {
        now: at(now),
        refreshSeconds: REFRESH,
        ...(compromised !== undefined && { compromised }),
      },
    )

  it('signs at once where none does, and otherwise after two refreshes', () => {
    const first = add(EMPTY_RING, 'key_1', 1_000)
    expect(first.keys[0]?.signsFrom).toBe(1_000)
    expect(add(first, 'key_2', 5_000).keys[1]?.signsFrom).toBe(5_000 + 2 * REFRESH)
  })

  it('takes the place of a compromised one at once, and no other key goes', () => {
    const ring = add(add(add(EMPTY_RING, 'key_1', 1_000), 'key_2', 5_000), 'key_3', 6_000)
    const after = add(ring, 'key_4', 7_000, 'key_3')
    expect(after.keys.map(({ kid }) => kid)).toEqual(['key_1', 'key_2', 'key_4'])
    expect(signingKey(after, at(7_000))?.kid).toBe('key_4')
    expect(lostKeys(ring, after, { now: at(7_000), compromised: 'key_3' })).toEqual([])
    expect(lostKeys(ring, after, { now: at(7_000) })).toEqual(['key_3'])
  })

  it('lets go of retired ones alone', () => {
    const ring = add(add(EMPTY_RING, 'key_1', 1_000), 'key_2', 5_000)
    const end = 5_000 + 2 * REFRESH + LONGEST_TOKEN_SECONDS
    expect(add(ring, 'key_3', end - 1).keys).toHaveLength(3)
    expect(add(ring, 'key_3', end).keys.map(({ kid }) => kid)).toEqual(['key_2', 'key_3'])
    expect(lostKeys(ring, add(ring, 'key_3', end), { now: at(end) })).toEqual([])
  })

  it('is missed when its secret or its time is another', () => {
    const ring: KeyRing = { keys: [key('key_1', 1_000)] }
    const changed = (more: Partial<Pick<SigningKey, 'secret' | 'signsFrom'>>): KeyRing => ({
      keys: [{ ...key('key_1', 1_000), ...more }],
    })
    expect(lostKeys(ring, ring, { now: at(2_000) })).toEqual([])
    expect(lostKeys(ring, changed({ secret: secretOf('other') }), { now: at(2_000) })).toEqual(['key_1'])
    expect(lostKeys(ring, changed({ signsFrom: 1_001 }), { now: at(2_000) })).toEqual(['key_1'])
    expect(lostKeys(ring, EMPTY_RING, { now: at(2_000) })).toEqual(['key_1'])
  })

  it('is missed when its algorithm or its public half is another', () => {
    const pair = (more: object = {}): KeyRing => {
      const { kid, secret, createdAt, signsFrom } = key('key_1', 1_000)
      const made = { kid, secret, createdAt, signsFrom, algorithm: 'EdDSA', publicKey: 'a', ...more }
      return { keys: [made as SigningKey] }
    }
    expect(lostKeys(pair(), pair(), { now: at(2_000) })).toEqual([])
    expect(lostKeys(pair(), pair({ publicKey: 'b' }), { now: at(2_000) })).toEqual(['key_1'])
    expect(lostKeys(pair(), pair({ algorithm: 'ES256' }), { now: at(2_000) })).toEqual(['key_1'])
  })

  const DAY = 86_400
  const rotations = fc.array(
    fc.record({
      after: fc.oneof(fc.nat(5), fc.nat(200), fc.nat(500 * DAY)),
      compromise: fc.option(fc.nat(5), { nil: undefined, freq: 8 }),
    }),
    { minLength: 1, maxLength: 12 },
  )

  it(`leaves exactly one key signing at any instant (seed ${SEED})`, () => {
    fc.assert(
      fc.property(rotations, fc.array(fc.nat(600 * DAY), { minLength: 3 }), (steps, instants) => {
        let now = 1_000_000
        let ring = add(EMPTY_RING, 'key_0', now)
        steps.forEach(({ after, compromise }, index) => {
          now += after
          const compromised = compromise === undefined ? undefined : ring.keys[compromise]?.kid
          ring = add(ring, `key_${index + 1}`, now, compromised)
          for (const later of [0, 1, 2 * REFRESH - 1, 2 * REFRESH, ...instants])
            expect(states(ring, at(now + later)).filter((state) => state === 'signing')).toHaveLength(1)
        })
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it(`never takes from a token the key it needs until its own end (seed ${SEED})`, () => {
    fc.assert(
      fc.property(rotations, fc.nat(LONGEST_TOKEN_SECONDS), (steps, lifetime) => {
        let now = 1_000_000
        let ring = add(EMPTY_RING, 'key_0', now)
        const issued: { readonly kid: string; readonly end: number }[] = []
        const compromised = new Set<string>()
        steps.forEach(({ after, compromise }, index) => {
          for (const moment of [now, now + after]) {
            const signer = signingKey(ring, at(moment))
            if (signer)
              issued.push(
                { kid: signer.kid, end: moment + lifetime },
                { kid: signer.kid, end: moment + LONGEST_TOKEN_SECONDS },
              )
          }
          now += after
          const given = compromise === undefined ? undefined : ring.keys[compromise]?.kid
          if (given) compromised.add(given)
          ring = add(ring, `key_${index + 1}`, now, given)
          for (const { kid, end } of issued.filter((one) => one.end > now && !compromised.has(one.kid))) {
            const needed = ring.keys.find((one) => one.kid === kid)
            expect(needed && ['signing', 'verifying']).toContain(needed && stateOf(ring, needed, at(now)))
            expect(needed && stateOf(ring, needed, at(end - 1))).not.toBe('retired')
          }
        })
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})

describe('what the log has not said yet of a ring', () => {
  const said = (log: KeyLog, ring: KeyRing, now: number) => unsaidFacts(log, ring, at(now))
  const types = (facts: ReturnType<typeof said>) =>
    facts.map(({ type, data }) => `${type} ${'kid' in data ? data.kid : ''}`)
  const recorded = (log: KeyLog, facts: ReturnType<typeof said>) => facts.reduce(evolve, log)
  const ring: KeyRing = { keys: [key('key_1', 1_000), key('key_2', 2_000)] }
  const keyData = { kid: 'key_1', algorithm: 'HS512' } as const

  it('is said once', () => {
    const facts = said(NO_KEYS, ring, 1_500)
    expect(types(facts)).toEqual([
      'signing-key.created key_1',
      'signing-key.created key_2',
      'signing-key.activated key_1',
    ])
    const log = recorded(NO_KEYS, facts)
    expect(said(log, ring, 1_500)).toEqual([])
    expect(types(said(log, ring, 2_000))).toEqual(['signing-key.activated key_2'])
  })

  it('has the times of the ring in it', () => {
    expect(said(NO_KEYS, { keys: ring.keys.slice(0, 1) }, 1_500)).toEqual([
      {
        type: 'signing-key.created',
        data: {
          ...{ kid: 'key_1', algorithm: 'HS512' },
          ...{ createdAt: instantOf(1_000 - 2 * REFRESH), signsFrom: instantOf(1_000) },
        },
      },
      { type: 'signing-key.activated', data: { kid: 'key_1', activatedAt: instantOf(1_000) } },
    ])
  })

  it('is no retirement before no token can need the key, nor twice, nor of a key that is there', () => {
    const log = recorded(NO_KEYS, said(NO_KEYS, ring, 2_000))
    const gone = 1_000 - 2 * REFRESH + LONGEST_TOKEN_SECONDS
    const left: KeyRing = { keys: ring.keys.slice(1) }
    expect(said(log, left, gone - 1)).toEqual([])
    expect(said(log, left, gone)).toEqual([
      { type: 'signing-key.retired', data: { kid: 'key_1', retiredAt: instantOf(gone) } },
    ])
    expect(said(recorded(log, said(log, left, gone)), left, gone)).toEqual([])
    expect(said(log, ring, gone * 2)).toEqual([])
  })

  it('begins with whatever is said first, and keeps what was said before', () => {
    const facts = [
      { type: 'signing-key.compromised', data: { kid: 'key_1', compromisedAt: instantOf(5) } },
      { type: 'signing-key.activated', data: { kid: 'key_1', activatedAt: instantOf(6) } },
      { type: 'signing-key.created', data: { ...keyData, createdAt: instantOf(7), signsFrom: instantOf(8) } },
      { type: 'key-ring.rotation-failed', data: { rotationId: 'r', step: 's', reason: 'x' } },
    ] as const
    expect(evolve(NO_KEYS, facts[0]).keys).toEqual({
      key_1: { activated: false, retired: false, compromised: true },
    })
    expect(facts.reduce<KeyLog>(evolve, NO_KEYS).keys).toEqual({
      key_1: { activated: true, retired: false, compromised: true, createdAt: 7 },
    })
  })

  it('is a retirement when a key that may be gone is gone', () => {
    const log = recorded(NO_KEYS, said(NO_KEYS, ring, 2_000))
    const end = 2_000 + LONGEST_TOKEN_SECONDS
    const left: KeyRing = { keys: ring.keys.slice(1) }
    expect(types(said(log, left, end))).toContain('signing-key.retired key_1')
    const compromised = evolve(log, {
      type: 'signing-key.compromised',
      data: { kid: 'key_1', compromisedAt: instantOf(2_000) },
    })
    expect(types(said(compromised, left, 2_001))).toContain('signing-key.retired key_1')
  })

  it('is nothing of a key that a ring read too early does not show yet', () => {
    const log = recorded(NO_KEYS, said(NO_KEYS, ring, 1_900))
    expect(said(log, { keys: ring.keys.slice(0, 1) }, 1_901)).toEqual([])
  })
})
