import { createHmac } from 'node:crypto'
import { derivedFrom } from '../shared/derived.ts'
import type { Id } from '../shared/id.ts'
import { Redacted } from '../shared/redacted.ts'

/** Of a symmetric secret (Standard Webhooks 1.0.0, "Signing scheme"). */
const PREFIX = 'whsec_'

/** What a webhook's deliveries are signed with in one of its generations: 32 bytes, as its receiver is given them. */
export const secretOf = (root: Redacted<string>, id: Id<'webhook'>, generation: number): Redacted<string> =>
  new Redacted(
    `${PREFIX}${derivedFrom(root, `countersign webhook\n${id}\n${generation}`).reveal().toString('base64')}`,
  )

export interface SignedContent {
  /** The event's: the same with every attempt. */
  readonly id: string
  /** Seconds since the epoch: of this attempt. */
  readonly timestamp: number
  readonly body: string
}

/** `webhook-signature`: one for each secret, with a space between them. */
export const signatureOf = (
  secrets: readonly Redacted<string>[],
  { id, timestamp, body }: SignedContent,
): string =>
  secrets
    .map((secret) => Buffer.from(secret.reveal().slice(PREFIX.length), 'base64'))
    .map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64'))
    .map((mac) => `v1,${mac}`)
    .join(' ')
