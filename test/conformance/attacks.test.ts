import { createHmac } from 'node:crypto'
import { Access } from '@countersign/core/access'
import { Redacted } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { LIBRARIES, takesClaims } from './libraries.ts'
import { markdown, tableIn } from './table.ts'
import { encode, hs512, type Jwk, verifierWith } from './vectors.ts'

const SECRET = Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 37 + 11) % 256))
const KEY: Jwk = { kty: 'oct', alg: 'HS512', k: SECRET.toString('base64url') }
const NOW = 1_700_000_000
const ISSUER = 'https://countersign.example'

const HEADER = '{"alg":"HS512","kid":"key_1","typ":"at+jwt"}'
const CLAIMS = JSON.stringify({
  iss: ISSUER,
  sub: 'con_1',
  aud: ['api_1'],
  jti: 'tok_1',
  iat: NOW,
  exp: 4_000_000_000,
})
const EXP = /"exp":\d+/

const mac = (signed: string) => createHmac('sha512', SECRET).update(signed).digest('base64url')
const signed = (head: string, body: string) => `${head}.${body}.${mac(`${head}.${body}`)}`
const token = (header: string | Buffer = HEADER, claims: string | Buffer = CLAIMS) =>
  signed(Buffer.from(header).toString('base64url'), Buffer.from(claims).toString('base64url'))
const header = (more: string) => HEADER.replace('}', `,${more}}`)
const withBytes = (...bytes: number[]) =>
  Buffer.concat([Buffer.from(CLAIMS.replace('}', ',"x":"')), Buffer.from(bytes), Buffer.from('"}')])

/** A different last letter that stands for the same bytes. */
const respelled = (part: string): string => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const bytes = Buffer.from(part, 'base64url')
  const others = [...letters].map((letter) => part.slice(0, -1) + letter)
  const other = others.find((one) => one !== part && Buffer.from(one, 'base64url').equals(bytes))
  if (!other) throw new Error('there is no second spelling of this part')
  return other
}

/** Texts made by somebody who has the key, or who changes a good token on its way: none is one that an issuer writes. */
const ATTACKS: Readonly<Record<string, string>> = {
  'a header with `alg` twice': token(header('"alg":"HS512"')),
  'a header with `kid` twice': token(header('"kid":"key_1"')),
  'claims with `exp` twice, the last wins': token(HEADER, CLAIMS.replace('}', ',"exp":9999999999}')),
  'claims with `exp` twice, once escaped': token(HEADER, CLAIMS.replace('}', ',"e\\u0078p":9999999999}')),
  '`exp: 1e400`, which is never': token(HEADER, CLAIMS.replace(EXP, '"exp":1e400')),
  '`exp` as text': token(HEADER, CLAIMS.replace(EXP, '"exp":"9999999999"')),
  'no `exp`': token(HEADER, CLAIMS.replace(EXP, '"x":0')),
  'an object for `kid`': token(HEADER.replace('"key_1"', '{"toString":"key_1"}')),
  'no `kid`': token('{"alg":"HS512","typ":"at+jwt"}'),
  'no `typ`': token('{"alg":"HS512","kid":"key_1"}'),
  '`typ` of something else': token(HEADER.replace('at+jwt', 'secevent+jwt')),
  '`b64: false` without `crit`': token(header('"b64":false')),
  '`crit` with an unknown name': token(header('"crit":["x"],"x":1')),
  '`crit`, empty': token(header('"crit":[]')),
  'a key of its own in `jwk`': token(header(`"jwk":{"kty":"oct","k":"${SECRET.toString('base64url')}"}`)),
  'an address in `jku`': token(header('"jku":"https://attacker.example/jwks"')),
  'a signature with padding': `${token()}==`,
  'a signature with a newline after it': `${token()}\n`,
  'a signature with a space within': token().replace(/.{20}$/, (end) => ` ${end}`),
  'a signature in another spelling of its bytes': token().replace(/[^.]+$/, respelled),
  'a signature in plain base64': token().replace(/[^.]+$/, (part) =>
    part.replaceAll('-', '+').replaceAll('_', '/'),
  ),
  'claims with padding, signed so': signed(
    encode(HEADER),
    `${encode(`${CLAIMS} `.padEnd(CLAIMS.length + 1))}=`,
  ),
  'claims that are no UTF-8': token(HEADER, withBytes(0xff)),
  'claims with half a surrogate in bytes': token(HEADER, withBytes(0xed, 0xa0, 0x80)),
  'claims after a byte order mark': token(HEADER, `\uFEFF${CLAIMS}`),
  'claims in a list': token(HEADER, `[${CLAIMS}]`),
  'a fourth part': `${token()}.x`,
}

/** As the authorizer does it: the signature first, then what the token says of itself. */
const isTaken = (text: string): boolean => {
  const verified = verifierWith('key_1', hs512(SECRET))(new Redacted(text))
  if (!verified.ok) return false
  return Access.readClaims('key_1', verified.value.payload, ISSUER, new Date(NOW * 1_000)).ok
}

describe('what verifiers differ in', () => {
  it('is refused here one and all, and the token that it was made of is accepted', () => {
    expect(isTaken(token())).toBe(true)
    expect(Object.keys(ATTACKS).filter((name) => isTaken(ATTACKS[name] ?? ''))).toEqual([])
  })

  it('comes out beside jose, jsonwebtoken and fast-jwt as the page says', async () => {
    for (const library of LIBRARIES) expect(await takesClaims(library, token(), KEY)).toBe(true)
    const rows: string[][] = []
    for (const [name, text] of Object.entries(ATTACKS)) {
      const taken = await Promise.all(LIBRARIES.map((library) => takesClaims(library, text, KEY)))
      rows.push([name, ...[isTaken(text), ...taken].map((accepted) => (accepted ? 'accepted' : 'refused'))])
    }
    const sums = ['accepted', ...[1, 2, 3, 4].map((column) => sumOf(rows, column))]
    const text = markdown([['a well-signed token with', 'Countersign', ...LIBRARIES], ...rows, sums])
    expect(tableIn('attacks', text)).toBe(text)
  })
})

const sumOf = (rows: readonly (readonly string[])[], column: number): string =>
  `${rows.filter((row) => row[column] === 'accepted').length} of ${rows.length}`
