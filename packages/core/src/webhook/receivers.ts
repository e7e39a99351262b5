import type { Result } from '../shared/result.ts'
import type { DestinationFault } from './destination.ts'

/** What came of one attempt when no status came. */
export const TROUBLES = [
  /** What the URL leads to now is nothing that a webhook may lead to. */
  'address_refused',
  'name_unknown',
  'connection_failed',
  'tls_failed',
  'connection_broken',
  /** No connection within its time, or no answer within its. */
  'timed_out',
  /** It was not tried: the receiver hangs, or has enough to do. */
  'resting',
] as const
export type Trouble = (typeof TROUBLES)[number]

export interface Received {
  readonly status: number
  readonly retryAfterSeconds: number | undefined
}

export interface Sending {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Those who have webhooks. Where a URL leads is looked at on the very address that is connected to, every time. */
export interface WebhookReceivers {
  /** The URL as it is kept, when deliveries may go there as its name resolves now. */
  check(url: string): Promise<Result<string, DestinationFault>>
  /** One POST within its time; no redirect is followed, and the answer's body is not kept. */
  post(sending: Sending): Promise<Result<Received, Trouble>>
}
