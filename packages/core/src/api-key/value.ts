import { createHash, createHmac } from 'node:crypto'
import type { Id } from '../shared/id.ts'
import { Redacted } from '../shared/redacted.ts'

/** Bytes of the secret that values are derived from. */
export const SECRET_BYTES = 64

/** What a leaked key is recognised by; API Gateway takes 20 to 128 characters, these are 68. */
const PREFIX = 'csk-'

/**
 * The value of a key in one of its generations: HMAC-SHA-256 of its name under the platform's secret, 256 bits that
 * nobody without the secret can tell from chance. It follows from what is known anyway, so nobody has to keep it: who
 * makes API Gateway's own key works it out again, and a repeated request is answered with the same one.
 */
export const keyValueOf = (
  secret: Redacted<string>,
  id: Id<'api-key'>,
  generation: number,
): Redacted<string> => {
  const mac = createHmac('sha256', Buffer.from(secret.reveal(), 'base64url'))
  return new Redacted(`${PREFIX}${mac.update(`countersign api key\n${id}\n${generation}`).digest('hex')}`)
}

/**
 * What the ledger keeps of a value. A plain hash is right for 256 bits: there is nothing to guess, which is what salts
 * and slow hashes are for.
 */
export const digestOfValue = (value: Redacted<string>): string =>
  `sha-256:${createHash('sha256').update(value.reveal()).digest('base64url')}`
