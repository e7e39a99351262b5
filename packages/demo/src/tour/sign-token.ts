import { createHmac } from 'node:crypto'
import type { OctetKey } from '@countersign/client'

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** All that a consumer needs to sign a token of its own: the key it was given, and an HMAC (RFC 7515 §3.1). */
export const signToken = ({ kid, k }: OctetKey, claims: object): string => {
  const signed = `${part({ alg: 'HS512', typ: 'JWT', kid })}.${part(claims)}`
  const signature = createHmac('sha512', Buffer.from(k, 'base64url')).update(signed).digest('base64url')
  return `${signed}.${signature}`
}
