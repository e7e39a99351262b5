import { createPrivateKey, type JsonWebKey, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { accepts, LIBRARIES } from './libraries.ts'
import { markdown, tableIn } from './table.ts'
import {
  ABSENT,
  type Case,
  casesOf,
  encode,
  es256,
  isAbsent,
  type Jwk,
  kidIn,
  read,
  ringKeysFor,
  type Vectors,
  verdictOf,
  verifierWith,
} from './vectors.ts'

const NAME = 'json_web_signature_test.json'

/** Vectors that say nothing of a verifier whose keys pin their algorithm, and which takes base64url alone. */
const EXCLUDED: Readonly<Record<number, string>> = {
  17: 'no text that a header could hold: JSON serialisation',
  346: 'called valid, but its key is for PS256 and its signature of PS384',
  347: 'called valid, but its key is for "ES521", which is no algorithm',
  350: 'as 346',
  351: 'as 347',
  367: 'called invalid, but equal to 357, which is called valid, letter for letter',
  370: 'as 367',
  372: 'called valid, but its header holds a character that is not of base64url',
  373: 'called valid, but its payload holds a character that is not of base64url',
}

const OURS = ['HS512', 'ES256', 'EdDSA']

/** Why a valid vector is refused as it stands. None is an access token: they have no type, and their payloads are no claims. */
const refusedFor = ({ key }: Case): string =>
  OURS.includes(key.alg ?? '')
    ? 'no access token: no `typ`, and no object for its claims'
    : `${key.alg} is never a key's here`

const verdictsOf = ({ text, key }: Case): readonly string[] =>
  ringKeysFor(key).map((material) => verdictOf(verifierWith(kidIn(text, 'key_1'), material), text))

const isTaken = (one: Case): boolean => verdictsOf(one).includes('accepted')

describe('JSON Web Signature (Wycheproof, 401 vectors)', () => {
  const cases = (): readonly Case[] => casesOf(read<Vectors>(NAME))
  const meaningful = () => cases().filter(({ id }) => EXCLUDED[id] === undefined)

  it('has 392 vectors that are meaningful here; the others are named, each with its reason', (ctx) => {
    if (isAbsent(NAME)) ctx.skip(ABSENT)
    expect(cases()).toHaveLength(401)
    expect(meaningful()).toHaveLength(392)
    const textOf = (id: number) => cases().find((one) => one.id === id)?.text
    for (const twin of [367, 370]) expect(textOf(twin)).toBe(textOf(357))
  })

  it('is refused one and all as it stands, whichever key of ours the ring has under its kid', (ctx) => {
    if (isAbsent(NAME)) ctx.skip(ABSENT)
    expect(
      cases()
        .filter(isTaken)
        .map(({ id }) => id),
    ).toEqual([])
  })

  it('is refused for its algorithm where its key is for another one than ours', (ctx) => {
    if (isAbsent(NAME)) ctx.skip(ABSENT)
    const foreign = meaningful().filter(({ valid, key }) => valid && !OURS.includes(key.alg ?? ''))
    expect(foreign.length).toBeGreaterThan(30)
    for (const { id, text, key } of foreign) {
      const typed = retyped(text)
      for (const material of ringKeysFor(key))
        expect({ id, verdict: verdictOf(verifierWith(kidIn(typed, ''), material), typed) }).toEqual({
          id,
          verdict: 'algorithm_mismatch',
        })
    }
  })

  it('that is for a key of ours is accepted once it is an access token, signed by the same key', (ctx) => {
    if (isAbsent(NAME)) ctx.skip(ABSENT)
    const own = meaningful().filter(({ valid, key }) => valid && key.alg === 'ES256')
    expect(own.map(({ id }) => id)).toEqual([18, 378])
    for (const { key, privateKey } of own)
      expect(verdictOf(verifierWith('key_1', es256(key)), tokenBy(privateKey))).toBe('accepted')
  })

  it('has no signature that opens a well-made token of the same key', (ctx) => {
    if (isAbsent(NAME)) ctx.skip(ABSENT)
    const invalid = meaningful().filter(({ valid, key }) => !valid && key.alg === 'ES256')
    expect(invalid.length).toBeGreaterThan(30)
    for (const { id, text, key, privateKey } of invalid) {
      const good = tokenBy(privateKey)
      const forged = `${good.slice(0, good.lastIndexOf('.'))}.${text.split('.')[2] ?? ''}`
      const verdict = verdictOf(verifierWith('key_1', es256(key)), forged)
      expect({ id, verdict }).toEqual({ id, verdict: 'signature_invalid' })
    }
  })

  it('comes out beside jose, jsonwebtoken and fast-jwt as the page says', async (ctx) => {
    if (isAbsent(NAME)) ctx.skip(ABSENT)
    const good = meaningful().filter(({ valid }) => valid)
    const bad = meaningful().filter(({ valid }) => !valid)
    const head = [
      'verifier',
      `of ${bad.length} invalid ones accepted`,
      'which',
      `of ${good.length} valid ones accepted`,
    ]
    const rows = [head, rowOf('Countersign', idsOf(bad.filter(isTaken)), idsOf(good.filter(isTaken)))]
    for (const library of LIBRARIES)
      rows.push(rowOf(library, await takenBy(library, bad), await takenBy(library, good)))
    const refused = [...Map.groupBy(good, refusedFor)].map(([reason, some]) => [
      reason,
      idsOf(some).join(', '),
    ])
    const text = [
      markdown(rows),
      markdown([['valid, and refused here as it stands', 'vectors'], ...refused]),
      markdown([['excluded', 'why'], ...Object.entries(EXCLUDED)]),
    ].join('\n\n')
    expect(tableIn('wycheproof-jws', text)).toBe(text)
  })
})

const idsOf = (some: readonly Case[]): readonly number[] => some.map(({ id }) => id)

const takenBy = async (library: (typeof LIBRARIES)[number], some: readonly Case[]) => {
  const ids: number[] = []
  for (const { id, text, key } of some) if (await accepts(library, text, key)) ids.push(id)
  return ids
}

const rowOf = (name: string, bad: readonly number[], good: readonly number[]): readonly string[] => [
  name,
  String(bad.length),
  bad.join(', ') || '–',
  String(good.length),
]

/** The same text with the type of a token in its header: its signature is not good any more, its algorithm is what counts. */
const retyped = (text: string): string => {
  const [head = '', ...rest] = text.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
  return [encode({ kid: 'key_1', ...header, typ: 'JWT' }), ...rest].join('.')
}

const tokenBy = (jwk: Jwk): string => {
  const signed = `${encode({ alg: 'ES256', kid: 'key_1', typ: 'at+jwt' })}.${encode({ sub: 'con_1' })}`
  const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
