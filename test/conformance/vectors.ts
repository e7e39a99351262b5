import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { type Id, Redacted } from '@countersign/core/shared'
import { type KeyMaterial, SigningKey } from '@countersign/core/signing-key'

/*
 * Published vectors, read from the folder beside the project: Wycheproof's and the examples of RFC 7520 and RFC 8037.
 * They are no part of it; where they are absent, a suite says so and is skipped.
 */
const VECTORS = new URL('../../../shared/vectors/', import.meta.url)
export const ABSENT = 'the published vectors are not on this machine'

export const isAbsent = (name: string): boolean => !existsSync(new URL(name, VECTORS))
export const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as T

export interface Jwk {
  readonly kty?: string
  readonly alg?: string
  readonly kid?: string
  readonly use?: string
  readonly crv?: string
  readonly k?: string
  readonly n?: string
  readonly x?: string
  readonly y?: string
  readonly d?: string
  readonly keys?: readonly Jwk[]
}

export interface Vector {
  readonly tcId: number
  readonly comment: string
  readonly result: 'valid' | 'invalid'
  readonly jws?: unknown
  readonly jwe?: unknown
}

export interface Vectors {
  readonly numberOfTests: number
  readonly testGroups: readonly {
    readonly comment: string
    readonly private?: Jwk
    readonly public?: Jwk
    readonly tests: readonly Vector[]
  }[]
}

export interface Case {
  readonly id: number
  readonly comment: string
  readonly valid: boolean
  /** What would stand in a header; JSON serialisation as its text. */
  readonly text: string
  /** The key as the vector gives it: the public half where it has one. */
  readonly key: Jwk
  readonly privateKey: Jwk
}

export const casesOf = ({ testGroups }: Vectors): readonly Case[] =>
  testGroups.flatMap((group) =>
    group.tests.map(({ tcId, comment, result, jws, jwe }) => {
      const given = jws ?? jwe
      return {
        id: tcId,
        comment,
        valid: result === 'valid',
        text: typeof given === 'string' ? given : JSON.stringify(given),
        key: group.public ?? group.private ?? {},
        privateKey: group.private ?? {},
      }
    }),
  )

const life = { createdAt: 0, signsFrom: 0 } as const

/** A ring of one key, under any `kid`: the vectors' are none of ours. */
export const verifierWith = (kid: string, material: KeyMaterial) =>
  SigningKey.createVerifier({ keys: [{ kid: kid as Id<'key'>, ...material, ...life }] })

export const hs512 = (secret: Uint8Array): KeyMaterial => ({
  algorithm: 'HS512',
  secret: new Redacted(Buffer.from(secret).toString('base64url')),
})

const publicOnly = (algorithm: 'EdDSA' | 'ES256', publicKey: string): KeyMaterial => ({
  algorithm,
  secret: new Redacted(''),
  publicKey,
})

export const ed25519 = (x: string): KeyMaterial => publicOnly('EdDSA', x)

export const es256 = ({ x = '', y = '' }: Jwk): KeyMaterial =>
  publicOnly(
    'ES256',
    Buffer.concat([x, y].map((coordinate) => Buffer.from(coordinate, 'base64url'))).toString('base64url'),
  )

/** The vector's key as ours, when it is for an algorithm of ours. */
export const materialOf = (key: Jwk): KeyMaterial | undefined => {
  if (key.alg === 'ES256' && key.kty === 'EC') return es256(key)
  if (key.alg === 'HS512' && key.k !== undefined) return hs512(Buffer.from(key.k, 'base64url'))
  return key.crv === 'Ed25519' && key.x !== undefined ? ed25519(key.x) : undefined
}

const OTHER_POINT = {
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
}

/**
 * Keys of ours that may stand in a ring under the vector's `kid`: its own where it can, and for each algorithm one that
 * an attacker might hope is confused with it: the text of the public key as a secret.
 */
export const ringKeysFor = (key: Jwk): readonly KeyMaterial[] => {
  const own = materialOf(key)
  const confusing = [
    hs512(secretOf(key)),
    ed25519('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'),
    es256(OTHER_POINT),
  ]
  return own ? [own, ...confusing] : confusing
}

const secretOf = (key: Jwk): Buffer => {
  if (key.k !== undefined) return Buffer.from(key.k, 'base64url')
  try {
    const object = createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    return Buffer.from(object.export({ type: 'spki', format: 'pem' }))
  } catch {
    return Buffer.from(JSON.stringify(key))
  }
}

/** The `kid` that a text's header names, however broken the rest of it is. */
export const kidIn = (text: string, fallback: string): string => {
  try {
    const header: unknown = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString())
    const { kid } = header as { kid?: unknown }
    return typeof kid === 'string' ? kid : fallback
  } catch {
    return fallback
  }
}

export const encode = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const verdictOf = (verify: ReturnType<typeof verifierWith>, text: string): string => {
  const result = verify(new Redacted(text))
  return result.ok ? 'accepted' : result.error
}
