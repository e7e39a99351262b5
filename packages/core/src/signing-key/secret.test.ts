import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Redacted } from '../shared/redacted.ts'
import { checkSecret, importedMaterial, readRing, writeRing } from './secret.ts'

const STRONG = createHash('sha512').update('a strong one').digest()
const NEWLINE = createHash('sha512').update('\n').digest()

const check = (bytes: Uint8Array) => {
  const result = checkSecret(new Redacted(bytes))
  return result.ok ? 'good' : result.error
}

describe('checkSecret', () => {
  it('takes 64 bytes that nobody could guess', () => {
    expect(check(STRONG)).toBe('good')
  })

  it('refuses the secret of the widely read guide, however it is written', () => {
    const hex = NEWLINE.toString('hex')
    expect(hex).toMatch(/^be688838.*be09$/)
    for (const form of [NEWLINE, Buffer.from(hex), Buffer.from(hex.toUpperCase()), Buffer.from(` ${hex}\n`)])
      expect(check(form)).toBe('secret_known')
  })

  it('refuses what is short', () => {
    for (const length of [0, 1, 32, 63]) expect(check(STRONG.subarray(0, length))).toBe('secret_too_short')
  })

  it('refuses what repeats itself', () => {
    expect(check(new Uint8Array(64))).toBe('secret_low_entropy')
    expect(check(Buffer.from('secret'.repeat(20)))).toBe('secret_low_entropy')
    expect(check(Buffer.from('0123456789'.repeat(10)))).toBe('secret_low_entropy')
    expect(check(Buffer.from('0123456789abcde'.repeat(5)))).toBe('secret_low_entropy')
    expect(check(Buffer.from('0123456789abcdef'.repeat(4)))).toBe('good')
  })
})

describe('the text of a ring', () => {
  const secret = STRONG.toString('base64url')
  const one = { kid: 'key_1', algorithm: 'HS512', secret, createdAt: 1, signsFrom: 2 }
  const text = (keys: unknown, version: unknown = 1) => JSON.stringify({ version, keys })

  it('reads as what was written', () => {
    const ring = readRing(new Redacted(text([one])))
    expect(ring.keys[0]?.secret.reveal()).toBe(secret)
    expect(writeRing(ring).reveal()).toBe(text([one]))
    expect(readRing(new Redacted(text([])))).toEqual({ keys: [] })
  })

  const halves = (secretBytes: number, publicBytes: number) => ({
    secret: STRONG.subarray(0, secretBytes).toString('base64url'),
    publicKey: Buffer.alloc(publicBytes, 7).toString('base64url'),
  })
  const pair = (algorithm: string, secretBytes: number, publicBytes: number) => ({
    ...{ kid: 'key_1', algorithm, ...halves(secretBytes, publicBytes), createdAt: 1, signsFrom: 2 },
  })

  it.for([
    ['EdDSA', 32, 32],
    ['ES256', 32, 64],
    ['ML-DSA-44', 32, 1_312],
  ] as const)('has both halves of a pair of %s, each of its one length', ([algorithm, least, most]) => {
    const good = pair(algorithm, least, most)
    const ring = readRing(new Redacted(text([good])))
    expect(JSON.parse(writeRing(ring).reveal())).toEqual({ version: 1, keys: [good] })
    for (const broken of [
      pair(algorithm, least - 1, most),
      pair(algorithm, least + 1, most),
      pair(algorithm, least, most - 1),
      pair(algorithm, least, most + 1),
      { ...good, publicKey: undefined },
      { ...good, publicKey: 7 },
      { ...good, publicKey: `${good.publicKey}=` },
    ])
      expect(() => readRing(new Redacted(text([broken])))).toThrow('the key ring cannot be read')
  })

  it('has no public half of a key that has but one', () => {
    const ring = readRing(new Redacted(text([{ ...one, publicKey: 'x' }])))
    expect(ring.keys[0]).not.toHaveProperty('publicKey')
  })

  it.for<[string, string]>([
    ['nothing', ''],
    ['no JSON', `{"version":1,"keys":[{"secret":"${secret}"`],
    ['text', JSON.stringify(secret)],
    ['null', 'null'],
    ['an array', JSON.stringify([one])],
    ['another version', text([one], 2)],
    ['a version in words', text([one], '1')],
    ['no keys', text(undefined)],
    ['keys by name', text({ key_1: one })],
    ['a null key', text([null])],
    ['an array for a key', text([[one]])],
    ['a kid that is no text', text([{ ...one, kid: 7 }])],
    ['a kid twice', text([one, one])],
    ['another algorithm', text([{ ...one, algorithm: 'none' }])],
    ['no secret', text([{ ...one, secret: undefined }])],
    ['a short secret', text([{ ...one, secret: secret.slice(0, 60) }])],
    ['a known secret', text([{ ...one, secret: NEWLINE.toString('base64url') }])],
    ['a weak secret', text([{ ...one, secret: Buffer.alloc(64).toString('base64url') }])],
    ['a padded secret', text([{ ...one, secret: `${secret}==` }])],
    ['a secret with a newline', text([{ ...one, secret: `${secret}\n` }])],
    ['a time that is no number', text([{ ...one, createdAt: '1' }])],
    ['a time without end', text([one]).replace('"signsFrom":2', '"signsFrom":1e400')],
    ['half a second', text([{ ...one, signsFrom: 1.5 }])],
  ])('is refused with %s, and the refusal says nothing of it', ([, broken]) => {
    let caught: unknown
    try {
      readRing(new Redacted(broken))
    } catch (error) {
      caught = error
    }
    expect(caught).toMatchObject({ message: expect.stringContaining('the key ring cannot be read') })
    const shown = inspect(caught, { depth: 9, showHidden: true })
    expect(shown).not.toContain(secret.slice(0, 20))
    expect(caught).not.toHaveProperty('cause')
  })
})

describe('a secret that is imported', () => {
  const imported = (bytes: Uint8Array) =>
    importedMaterial(new Redacted(Buffer.from(bytes).toString('base64url')))

  it('is the material of an HS512 key, and shows itself to nobody', () => {
    const material = imported(STRONG)
    expect(material).toMatchObject({ ok: true, value: { algorithm: 'HS512' } })
    expect(JSON.stringify(material)).not.toContain(Buffer.from(STRONG).toString('base64url'))
  })

  it('is refused when it is short, weak or known, or not in its one spelling', () => {
    expect(imported(STRONG.subarray(0, 63))).toEqual({ ok: false, error: 'secret_too_short' })
    expect(imported(new Uint8Array(64))).toEqual({ ok: false, error: 'secret_low_entropy' })
    expect(imported(NEWLINE)).toEqual({ ok: false, error: 'secret_known' })
    const padded = new Redacted(`${Buffer.from(STRONG).toString('base64url')}=`)
    expect(importedMaterial(padded)).toEqual({ ok: false, error: 'secret_malformed' })
  })
})
