import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { compactVerify, importJWK, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import type { Jwk } from './vectors.ts'

/** Each as strict as it can be told to be: one key, and the one algorithm that the key is for. */
export const libraries = {
  jose: async (text: string, key: Jwk) => {
    const algorithm = algorithmOf(key)
    const imported = await importJWK({ ...key, kty: key.kty ?? '' } as never, algorithm)
    await compactVerify(text, imported, { algorithms: [algorithm] })
  },
  jsonwebtoken: async (text: string, key: Jwk) => {
    jsonwebtoken.verify(text, keyObject(key), { algorithms: [algorithmOf(key) as jsonwebtoken.Algorithm] })
  },
  'fast-jwt': async (text: string, key: Jwk) => {
    createVerifier({ key: materialFor(key), algorithms: [algorithmOf(key) as 'HS512'] })(text)
  },
} as const satisfies Record<string, (text: string, key: Jwk) => Promise<void>>

export type Library = keyof typeof libraries
export const LIBRARIES = Object.keys(libraries) as Library[]

export const accepts = async (library: Library, text: string, key: Jwk): Promise<boolean> => {
  try {
    await libraries[library](text, key)
    return true
  } catch {
    return false
  }
}

/** As `accepts`, of a set of claims: jose judges these with a function of its own, the others always do. */
export const takesClaims = async (library: Library, text: string, key: Jwk): Promise<boolean> => {
  if (library !== 'jose') return accepts(library, text, key)
  const secret = Buffer.from(key.k ?? '', 'base64url')
  return jwtVerify(text, secret, { algorithms: [algorithmOf(key)] }).then(
    () => true,
    () => false,
  )
}

const algorithmOf = ({ alg }: Jwk): string => alg ?? 'none given'

const keyObject = (key: Jwk): KeyObject =>
  key.k === undefined
    ? createPublicKey({ key: key as JsonWebKey, format: 'jwk' })
    : createSecretKey(Buffer.from(key.k, 'base64url'))

const materialFor = (key: Jwk): string | Buffer =>
  key.k === undefined
    ? keyObject(key).export({ type: 'spki', format: 'pem' })
    : Buffer.from(key.k, 'base64url')
