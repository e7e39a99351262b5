import { createHmac, createPrivateKey, type JsonWebKey, sign } from 'node:crypto'
import { Redacted } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { describe, expect, it } from 'vitest'
import {
  ABSENT,
  ed25519,
  encode,
  hs512,
  isAbsent,
  type Jwk,
  kidIn,
  read,
  ringKeysFor,
  verdictOf,
  verifierWith,
} from './vectors.ts'

interface Example {
  readonly input: { readonly payload: string; readonly key: Jwk | readonly Jwk[] }
  readonly output: { readonly compact?: string; readonly json: object; readonly json_flat?: object }
}

/** Every example of RFC 7520 §4 and of RFC 8037, and what its texts are refused for by a ring that has its key. */
const EXAMPLES = {
  'jws/4_1.rsa_v15_signature.json': 'RS256 is never a key’s here',
  'jws/4_2.rsa-pss_signature.json': 'PS384 is never a key’s here',
  'jws/4_3.ecdsa_signature.json': 'ES512 is never a key’s here',
  'jws/4_4.hmac-sha2_integrity_protection.json': 'HS256 is never a key’s here',
  'jws/4_5.signature_with_detached_content.json': 'the payload is elsewhere',
  'jws/4_6.protecting_specific_header_fields.json': 'there is no compact form of it',
  'jws/4_7.protecting_content_only.json': 'there is no compact form of it',
  'jws/4_8.multiple_signatures.json': 'there is no compact form of it',
  'curve25519/jws.json': 'no `kid`, no `typ`, and text for its claims',
} as const

/** The keys that stand beside them: public ones verify elsewhere, and none of these is for an algorithm of ours. */
const KEYS = [
  'jwk/3_1.ec_public_key.json',
  'jwk/3_2.ec_private_key.json',
  'jwk/3_3.rsa_public_key.json',
  'jwk/3_4.rsa_private_key.json',
  'jwk/3_5.symmetric_key_mac_computation.json',
  'jwk/3_6.symmetric_key_encryption.json',
] as const

const FOLDER = 'jose-cookbook/'
const example = (name: keyof typeof EXAMPLES) => read<Example>(`${FOLDER}${name}`)

const isKeyRing = (jwk: Jwk): boolean => {
  const key = {
    kid: 'key_1',
    algorithm: jwk.alg,
    secret: jwk.k ?? jwk.d,
    publicKey: jwk.x,
    createdAt: 0,
    signsFrom: 0,
  }
  try {
    return SigningKey.readRing(new Redacted(JSON.stringify({ version: 1, keys: [key] }))).keys.length === 1
  } catch {
    return false
  }
}

describe('the JOSE cookbook (RFC 7520, RFC 8037)', () => {
  it.for(Object.entries(EXAMPLES))('%s opens nothing in any serialisation: %s', ([name], ctx) => {
    if (isAbsent(`${FOLDER}${name}`)) ctx.skip(ABSENT)
    const { input, output } = example(name as keyof typeof EXAMPLES)
    const texts = [output.compact, JSON.stringify(output.json), JSON.stringify(output.json_flat)]
    for (const text of texts.filter((one) => one !== undefined))
      for (const material of [input.key].flat().flatMap(ringKeysFor))
        expect(verdictOf(verifierWith(kidIn(text, 'key_1'), material), text)).not.toBe('accepted')
  })

  it.for(KEYS)('%s is no key of a ring', (name, ctx) => {
    if (isAbsent(`${FOLDER}${name}`)) ctx.skip(ABSENT)
    expect(isKeyRing(read<Jwk>(`${FOLDER}${name}`))).toBe(false)
  })

  it('§4.4: its token with a type of ours is refused for its algorithm by a ring that has its key', (ctx) => {
    const name = 'jws/4_4.hmac-sha2_integrity_protection.json'
    if (isAbsent(`${FOLDER}${name}`)) ctx.skip(ABSENT)
    const { input, output } = example(name)
    const [head = '', ...rest] = (output.compact ?? '').split('.')
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { readonly kid: string }
    const secret = Buffer.from((input.key as Jwk).k ?? '', 'base64url')
    const retyped = [encode({ ...header, typ: 'JWT' }), ...rest].join('.')
    expect(verdictOf(verifierWith(header.kid, hs512(secret)), retyped)).toBe('algorithm_mismatch')
    const signed = `${encode({ alg: 'HS512', kid: header.kid, typ: 'JWT' })}.${encode({ text: input.payload })}`
    const mac = createHmac('sha512', secret).update(signed).digest('base64url')
    expect(verdictOf(verifierWith(header.kid, hs512(secret)), `${signed}.${mac}`)).toBe('accepted')
  })

  it('RFC 8037 §A.4: its key signs access tokens that are accepted', (ctx) => {
    const name = 'curve25519/jws.json'
    if (isAbsent(`${FOLDER}${name}`)) ctx.skip(ABSENT)
    const jwk = example(name).input.key as Jwk
    const signed = `${encode({ alg: 'EdDSA', kid: 'key_1', typ: 'at+jwt' })}.${encode({ sub: 'con_1' })}`
    const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
    const signature = sign(null, Buffer.from(signed), key).toString('base64url')
    expect(verdictOf(verifierWith('key_1', ed25519(jwk.x ?? '')), `${signed}.${signature}`)).toBe('accepted')
  })
})
