import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from '../shared/algorithm.ts'
import { Redacted } from '../shared/redacted.ts'
import type { KeyMaterial } from './ring.ts'
import { SECRET_BYTES } from './secret.ts'

/** From a CSPRNG. */
export type RandomBytes = (count: number) => Uint8Array

/** A new key of an algorithm. The libraries are imported when they are needed: an HS512 ring never pays for them. */
export const newKeyMaterial = async (algorithm: Algorithm, random: RandomBytes): Promise<KeyMaterial> => {
  switch (algorithm) {
    case 'HS512':
      return { algorithm, secret: new Redacted(encode(random(SECRET_BYTES.HS512))) }
    case 'EdDSA': {
      const seed = random(SECRET_BYTES.EdDSA)
      const { x = '' } = createPublicKey(ed25519PrivateKey(seed)).export({ format: 'jwk' })
      return { algorithm, secret: new Redacted(encode(seed)), publicKey: x }
    }
    case 'ES256': {
      const { scalar, point } = (await import('./es256.ts')).newEs256(random)
      return { algorithm, secret: new Redacted(encode(scalar)), publicKey: encode(point) }
    }
    case 'ML-DSA-44': {
      const { mlDsa44PublicKey } = await import('./ml-dsa.ts')
      const seed = random(SECRET_BYTES['ML-DSA-44'])
      const publicKey = mlDsa44PublicKey(seed)
      return { algorithm, secret: new Redacted(encode(seed)), publicKey: encode(publicKey) }
    }
  }
}

/** PKCS #8 of a bare Ed25519 seed (RFC 8410 §7): `node:crypto` takes no other form of it without the public half. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export const ed25519PrivateKey = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' })

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
