import { createHash, createHmac } from 'node:crypto'
import { Redacted } from './redacted.ts'

/** Bytes of a root secret. */
export const ROOT_SECRET_BYTES = 64

/** Keeps a secret that other secrets are derived from: unpadded base64url, made once. */
export interface RootSecretStore {
  read(): Promise<Redacted<string> | undefined>
  /** Keeps the first that it is given; of two at once one stays, whichever it is. */
  create(secret: Redacted<string>): Promise<void>
}

/**
 * HMAC-SHA-256 of a name under a root secret: 256 bits that nobody without the root can tell from chance. They follow from
 * what is known anyway, so nobody has to keep them.
 */
export const derivedFrom = (root: Redacted<string>, name: string): Redacted<Buffer> =>
  new Redacted(createHmac('sha256', Buffer.from(root.reveal(), 'base64url')).update(name).digest())

/**
 * What the ledger keeps of a derived value. A plain hash is right for 256 bits: there is nothing to guess, which is what
 * salts and slow hashes are for.
 */
export const digestOfValue = (value: Redacted<string>): string =>
  `sha-256:${createHash('sha256').update(value.reveal()).digest('base64url')}`
