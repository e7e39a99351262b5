import { createHmac, sign as signBytes } from 'node:crypto'
import { Redacted } from '../shared/redacted.ts'
import { ed25519PrivateKey } from './key-material.ts'
import type { SigningKey } from './ring.ts'

/**
 * A JWS in compact form (RFC 7515 §7.1). The same key, type and payload give the same text, byte for byte, whatever the
 * algorithm: tokens are never stored, and a repeated request has to be given the same one.
 */
export const signJws = async (key: SigningKey, typ: string, payload: object): Promise<Redacted<string>> => {
  const header = { alg: key.algorithm, kid: key.kid, typ }
  const signed = `${encodeJson(header)}.${encodeJson(payload)}`
  const signature = await signatureOf(key, Buffer.from(signed))
  return new Redacted(`${signed}.${Buffer.from(signature).toString('base64url')}`)
}

const encodeJson = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * `node:crypto` draws a random nonce for ECDSA and for ML-DSA and takes no other: these two are signed by libraries, with
 * RFC 6979's nonce and with the deterministic variant of FIPS 204 §3.4.
 */
const signatureOf = async ({ algorithm, secret }: SigningKey, message: Buffer): Promise<Uint8Array> => {
  const bytes = Uint8Array.from(Buffer.from(secret.reveal(), 'base64url'))
  switch (algorithm) {
    case 'HS512':
      return createHmac('sha512', bytes).update(message).digest()
    case 'EdDSA':
      return signBytes(null, message, ed25519PrivateKey(bytes))
    case 'ES256':
      return (await import('./es256.ts')).signEs256(bytes, message)
    case 'ML-DSA-44':
      return (await import('./ml-dsa.ts')).signMlDsa44(bytes, message)
  }
}
