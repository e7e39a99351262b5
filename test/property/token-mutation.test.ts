import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import * as Signing from '@countersign/core/signing-key/signing'
import { describe, expect, it } from 'vitest'

/** Keys from the same bytes in every run. */
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, index) => (index * 37 + 11) % 256)

const PAYLOAD = {
  iss: 'https://countersign.example',
  sub: 'con_00112233',
  client_id: 'con_00112233',
  aud: ['api_00112233'],
  jti: 'tok_00112233',
  iat: 1_700_000_000,
  exp: 1_702_592_000,
}

/** What may stand in a header: the alphabet, and what lenient decoders skip, pad with or take for one of its letters. */
const CHARACTERS = [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  ...'=+/. \t\n\r%,;:~',
  '\u0000',
  '\u00A0',
  'é',
  'Α',
  '\uFF21',
  '\u200B',
]

/** Texts one step away from the token; each differs from it. */
const stepsFrom = (TOKEN: string) =>
  ({
    'one character changed': (at: number) =>
      CHARACTERS.map((character) => TOKEN.slice(0, at) + character + TOKEN.slice(at + 1)),
    'one character put in': (at: number) =>
      CHARACTERS.map((character) => TOKEN.slice(0, at) + character + TOKEN.slice(at)),
    'one character taken out': (at: number) => [TOKEN.slice(0, at) + TOKEN.slice(at + 1)],
    'two neighbours exchanged': (at: number) => [
      TOKEN.slice(0, at) + (TOKEN[at + 1] ?? '') + (TOKEN[at] ?? '') + TOKEN.slice(at + 2),
    ],
    'its end cut off': (at: number) => [TOKEN.slice(0, at)],
    'its beginning cut off': (at: number) => [TOKEN.slice(at + 1)],
  }) as const satisfies Record<string, (at: number) => readonly string[]>

/** The token with one bit of the bytes that a part stands for turned over, and encoded again. */
const withBit = (token: string, part: number, bit: number): string => {
  const parts = token.split('.').map((text) => Buffer.from(text, 'base64url'))
  const byte = parts[part]?.[bit >> 3]
  if (byte !== undefined) parts[part]?.writeUInt8(byte ^ (1 << (bit & 7)), bit >> 3)
  return parts.map((bytes) => bytes.toString('base64url')).join('.')
}

describe.each(['HS512', 'EdDSA', 'ES256'] as const)('a good token of %s', async (algorithm) => {
  const material = await Signing.newKeyMaterial(algorithm, bytes)
  const key = { ...material, kid: 'key_1', createdAt: 0, signsFrom: 0 } as const
  const TOKEN = (await Signing.signJws(key, 'at+jwt', PAYLOAD)).reveal()
  const verify = SigningKey.createVerifier({ keys: [key] })
  const steps = stepsFrom(TOKEN)

  it('is accepted as it stands', () => {
    expect(verify(new Redacted(TOKEN)).ok).toBe(true)
  })

  it.each(Object.entries(steps))('is not accepted with %s, at any place', (_, changedAt) => {
    let tried = 0
    for (let at = 0; at < TOKEN.length; at++) {
      for (const changed of changedAt(at)) {
        if (changed === TOKEN) continue
        tried += 1
        if (verify(new Redacted(changed)).ok) expect.fail(`accepted, changed at ${at}: ${changed}`)
      }
    }
    expect(tried).toBeGreaterThan(TOKEN.length / 2)
  })

  it.each(['header', 'payload', 'signature'])(
    'is not accepted with any one bit of its %s turned over',
    (name) => {
      const part = ['header', 'payload', 'signature'].indexOf(name)
      const bits = Buffer.from(TOKEN.split('.')[part] ?? '', 'base64url').length * 8
      for (let bit = 0; bit < bits; bit++)
        if (verify(new Redacted(withBit(TOKEN, part, bit))).ok)
          expect.fail(`accepted with bit ${bit} turned over`)
      expect(bits).toBeGreaterThan(300)
    },
  )

  it('is not accepted with any one bit of its own text turned over', () => {
    for (let bit = 0; bit < TOKEN.length * 8; bit++) {
      const changed = Buffer.from(TOKEN)
      changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3)
      for (const encoding of ['latin1', 'utf8'] as const)
        if (verify(new Redacted(changed.toString(encoding))).ok)
          expect.fail(`accepted with bit ${bit} turned over`)
    }
  })
})
