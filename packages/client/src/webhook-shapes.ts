import type { Paging } from './shapes.ts'

/** Bodies of webhooks. Times are RFC 3339 in UTC. */

export interface RegisterWebhook {
  /** `https://HOST/PATH`, without user, query and fragment. */
  readonly url: string
  /** `token.revoked`, `token.*`, `*` */
  readonly events: readonly string[]
  readonly name?: string | undefined
}

export interface Webhook extends RegisterWebhook {
  readonly id: string
  readonly state: 'enabled' | 'disabled'
  readonly disabledBecause?: 'requested' | 'gone' | 'failing'
  /** 1 for the secret it was registered with, then one more each. */
  readonly generation: number
  /** The secret before signs as well until then. */
  readonly previousUntil?: string
  /** Nothing has got through since. */
  readonly failingSince?: string
  readonly registeredAt: string
  readonly rotatedAt?: string
  readonly changedAt?: string
  readonly disabledAt?: string
}

/** `secret` is there once: in the answer that made it. */
export type ShownWebhook = Webhook & { readonly secret?: string }

export interface WebhookQuery extends Paging {
  readonly state?: string | undefined
}

export interface RotateWebhookSecret {
  /** How long the secret before signs as well: `24h` unless given, 30 days at most. */
  readonly overlap?: string | undefined
  /** It stops at once. */
  readonly now?: boolean | undefined
}

export interface TestedWebhook {
  readonly id: string
  /** The event that was sent. */
  readonly eventId: string
  readonly delivered: boolean
  /** `answered`, or why there was no answer. */
  readonly outcome: string
  readonly status?: number
}
