import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventOf } from '../events/catalog.ts'
import { Audit, type Leaf, type Proof, type PublishedKey } from './index.ts'

const DAY = '2026-03-01'
const NOW = new Date('2026-03-02T02:00:00Z')

const pair = (kid: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } as PublishedKey }
}
const OWN = pair('key_seals')
const OTHER = pair('key_other')

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

const signed = (payload: object, header: object, privateKey: KeyObject = OWN.privateKey): string => {
  const text = `${part(header)}.${part(payload)}`
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
}
const HEADER = { alg: 'EdDSA', kid: OWN.kid, typ: Audit.SEAL_TYPE }

const eventsOf = (count: number): readonly EventOf[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `evt_${index}`,
    type: 'token.revoked',
    subject: `tok_${index % 3}`,
    time: `${DAY}T12:00:00.000Z`,
    entityversion: 1 + Math.floor(index / 3),
    data: { n: index, text: 'é \u2028 "' },
  })) as unknown as readonly EventOf[]

const claimsOf = (leaves: readonly Leaf[]) =>
  Audit.claimsOf({ day: DAY, leaves, parts: 1, previous: undefined, issuer: 'urn:platform', now: NOW })

const provenOf = (count: number, index: number): Proof => {
  const events = eventsOf(count)
  const leaves = events.map(Audit.leafOf)
  const event = events[index]
  const proof = event && Audit.prove({ ...event }, leaves, signed(claimsOf(leaves), HEADER))
  if (!proof) throw new Error('no proof was made')
  // As it travels: a file.
  return JSON.parse(JSON.stringify(proof)) as Proof
}

const refusal = (value: unknown, keys: readonly PublishedKey[] = [OWN.jwk]) => {
  const read = Audit.readProof(value, keys)
  return read.ok ? undefined : read.error
}

describe('the proof of an event', () => {
  it.each([1, 2, 3, 5, 8, 33])('is good for every one of %i, with the published key alone', (count) => {
    for (let index = 0; index < count; index++) {
      const proof = provenOf(count, index)
      const read = Audit.readProof(proof, [OTHER.jwk, OWN.jwk])
      expect(read).toMatchObject({ ok: true, value: { index, event: { id: `evt_${index}` } } })
      expect(read.ok && read.value.seal).toMatchObject({ day: DAY, events: count, kid: OWN.kid })
    }
  })

  it('is made of no event that is not among the leaves, nor of one that was changed since', () => {
    const [first, second] = eventsOf(2)
    if (!first || !second) throw new Error('two events')
    expect(Audit.prove({ ...second }, [Audit.leafOf(first)], 'seal')).toBeUndefined()
    expect(Audit.prove({ ...first, actor: 'con_x' }, [Audit.leafOf(first)], 'seal')).toBeUndefined()
  })

  it('is refused when any one character of it is another', () => {
    const text = JSON.stringify(provenOf(11, 6))
    const position = fc.integer({ min: 0, max: text.length - 1 })
    const characters = [...'{}[]":,.-_0123456789abcXYZ é']
    const mutation = fc.tuple(position, fc.constantFrom(...characters))
    const same = JSON.stringify(JSON.parse(text))
    fc.assert(
      fc.property(mutation, ([at, character]) => {
        const mutated = text.slice(0, at) + character + text.slice(at + 1)
        let value: unknown
        try {
          value = JSON.parse(mutated)
        } catch {
          return
        }
        if (JSON.stringify(value) !== same) expect(refusal(value)).toBeDefined()
      }),
      { numRuns: 3_000 },
    )
  })

  it('is refused with a member more, or one less', () => {
    const proof = provenOf(4, 1)
    expect(refusal({ ...proof, more: 1 })).toBe('proof_malformed')
    for (const name of Object.keys(proof))
      expect(refusal(Object.fromEntries(Object.entries(proof).filter(([other]) => other !== name)))).toBe(
        'proof_malformed',
      )
    const { data: _, ...event } = proof.event
    expect(refusal({ ...proof, event })).toBe('event_not_in_seal')
  })

  it.each([undefined, null, 7, 'text', [], {}])('is nothing like %o', (value) => {
    expect(refusal(value)).toBe('proof_malformed')
  })
})

describe('a seal', () => {
  const claims = claimsOf(eventsOf(3).map(Audit.leafOf))
  const read = (seal: string, keys: readonly PublishedKey[] = [OWN.jwk]) => {
    const found = Audit.readSeal(seal, keys)
    return found.ok ? 'good' : found.error
  }

  it('is good under its key and refused under every other', () => {
    const seal = signed(claims, HEADER)
    expect(read(seal)).toBe('good')
    expect(read(seal, [OTHER.jwk])).toBe('statement_key_unknown')
    expect(read(seal, [])).toBe('statement_key_unknown')
    expect(read(seal, [{ ...OTHER.jwk, kid: OWN.kid }])).toBe('statement_forged')
    expect(read(signed(claims, HEADER, OTHER.privateKey))).toBe('statement_forged')
  })

  it.each([
    ['of another type', { ...HEADER, typ: 'JWT' }],
    ['of a token', { ...HEADER, typ: 'at+jwt' }],
    ['with another algorithm', { ...HEADER, alg: 'HS512' }],
    ['with none', { ...HEADER, alg: 'none' }],
    ['that brings its own key', { ...HEADER, jwk: OTHER.jwk }],
    ['without a key', { alg: 'EdDSA', typ: Audit.SEAL_TYPE }],
  ])('is refused with the header %s', (_, header) => {
    expect(read(signed(claims, header))).toBe('statement_malformed')
  })

  it('is refused where the key is no Ed25519 key', () => {
    const seal = signed(claims, HEADER)
    expect(read(seal, [{ kid: OWN.kid, kty: 'oct' }])).toBe('statement_key_unknown')
    expect(read(seal, [{ ...OWN.jwk, x: 'AA' }])).toBe('statement_key_unknown')
  })

  it('is refused when it does not say what a seal says', () => {
    for (const name of ['iss', 'iat', 'day', 'events', 'late', 'root', 'previous'])
      expect(read(signed({ ...claims, [name]: undefined }, HEADER))).toBe('statement_malformed')
    expect(read(signed({ ...claims, day: '2026-02-30' }, HEADER))).toBe('statement_malformed')
  })

  it('is refused with any other spelling of the same bytes, and with any one character changed', () => {
    const seal = signed(claims, HEADER)
    for (const other of [`${seal}=`, `${seal}.`, ` ${seal}`, `${seal}\n`, seal.replace('.', '..')])
      expect(read(other)).not.toBe('good')
    for (let at = 0; at < seal.length; at++)
      for (const character of 'Aa0_.') {
        if (seal[at] !== character)
          expect(read(seal.slice(0, at) + character + seal.slice(at + 1))).not.toBe('good')
      }
  })
})

describe('days', () => {
  it.each([
    ['2026-03-02T00:59:59.999Z', false],
    ['2026-03-02T01:00:00.000Z', true],
  ])('are due an hour after they are over: at %s %s', (now, due) => {
    expect(Audit.isDue(DAY, new Date(now))).toBe(due)
  })

  it('follow each other over months, years and leap days', () => {
    expect(Audit.dayAfter('2028-02-28')).toBe('2028-02-29')
    expect(Audit.dayAfter('2026-12-31')).toBe('2027-01-01')
    expect(Audit.dayAfter('2026-03-01', -1)).toBe('2026-02-28')
  })
})
