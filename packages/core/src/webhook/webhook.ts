import type { EventType, FactOf } from '../events/catalog.ts'
import type { Cause } from '../events/envelope.ts'
import { fact } from '../events/fact.ts'
import type { Id } from '../shared/id.ts'
import { canonicalJson } from '../shared/json.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { EventPattern } from './filter.ts'

export type WebhookFact = FactOf<Extract<EventType, `webhook.${string}`>>

export interface Webhook {
  readonly id: Id<'webhook'>
  readonly name?: string | undefined
  readonly url: string
  readonly events: readonly EventPattern[]
  readonly status: 'enabled' | 'disabled'
  readonly disabledBecause?: 'requested' | 'gone' | 'failing'
  readonly secret: Signing
  /** Signs as well, until then. */
  readonly previous?: Signing & { readonly until: string }
  /** Since when nothing got through, and when that was told last. */
  readonly failing?: { readonly since: string; readonly toldAt: string }
  readonly registeredAt: string
  readonly rotatedAt?: string
  readonly changedAt?: string
  readonly disabledAt?: string
}

/** One of its secrets; the secret itself is kept nowhere. */
interface Signing {
  readonly generation: number
  /** `sha-256:…` of it. */
  readonly digest: string
}

export type WebhookRefusal = 'webhook_not_found' | 'webhook_disabled'

type Facts = Result<readonly WebhookFact[], WebhookRefusal>

export type RegisterWebhook = Pick<Webhook, 'id'> & DescribeWebhook
export type DescribeWebhook = Pick<Webhook, 'name' | 'url' | 'events'>

export const FIRST_GENERATION = 1

/** The caller has checked URL and patterns. */
export const register = (
  { id: webhookId, name, url, events }: RegisterWebhook,
  digest: string,
  { now }: Cause,
): readonly WebhookFact[] => [
  fact('webhook.registered', {
    ...{ webhookId, name, url, events: [...events], digest },
    registeredAt: now.toISOString(),
  }),
]

/** All of it is replaced; the caller has checked URL and patterns. What it is already is no change. */
export const describe = (
  webhook: Webhook,
  { name, url, events }: DescribeWebhook,
  { now }: Cause,
): readonly WebhookFact[] =>
  canonicalJson([webhook.name ?? null, webhook.url, [...webhook.events]]) ===
  canonicalJson([name ?? null, url, [...events]])
    ? []
    : [
        fact('webhook.changed', {
          ...{ webhookId: webhook.id, name, url, events: [...events] },
          changedAt: now.toISOString(),
        }),
      ]

/** Twice is not an error. What waits in the queue is dropped. */
export const disable = (
  { id: webhookId, status }: Webhook,
  because: 'requested' | 'gone' | 'failing',
  note: string | undefined,
  { now }: Cause,
): readonly WebhookFact[] =>
  status === 'disabled'
    ? []
    : [fact('webhook.disabled', { webhookId, disabledAt: now.toISOString(), because, note })]

export const enable = ({ id: webhookId, status }: Webhook, { now }: Cause): readonly WebhookFact[] =>
  status === 'enabled' ? [] : [fact('webhook.enabled', { webhookId, enabledAt: now.toISOString() })]

export const nextGeneration = ({ secret }: Webhook): number => secret.generation + 1

/** Both secrets sign for a while, so that the receiver may change its own at leisure; a secret before them ends now. */
export const rotateSecret = (
  webhook: Webhook,
  { digest, overlapSeconds }: { readonly digest: string; readonly overlapSeconds: number },
  { now }: Cause,
): Facts => {
  if (webhook.status === 'disabled') return err('webhook_disabled')
  return ok([
    fact('webhook.secret-rotated', {
      webhookId: webhook.id,
      generation: nextGeneration(webhook),
      digest,
      rotatedAt: now.toISOString(),
      previousUntil: new Date(now.getTime() + overlapSeconds * 1_000).toISOString(),
    }),
  ])
}

export const test = ({ id: webhookId }: Webhook, { now }: Cause): readonly WebhookFact[] => [
  fact('webhook.tested', { webhookId, testedAt: now.toISOString() }),
]

/** The secrets that sign at an instant, the newest first. */
export const signingAt = ({ secret, previous }: Webhook, now: Date): readonly Signing[] =>
  previous && Date.parse(previous.until) > now.getTime() ? [secret, previous] : [secret]

export const evolve = (webhook: Webhook | undefined, event: WebhookFact, time: string): Webhook => {
  if (event.type === 'webhook.registered') {
    const { webhookId: id, digest, ...described } = event.data
    return { ...described, id, status: 'enabled', secret: { generation: FIRST_GENERATION, digest } }
  }
  if (!webhook) throw new Error(`the log of ${event.data.webhookId} begins with ${event.type}`)
  const { failing: _, ...unfailing } = webhook
  switch (event.type) {
    case 'webhook.changed':
      return described(webhook, event.data)
    case 'webhook.disabled': {
      const { because: disabledBecause, disabledAt } = event.data
      return { ...webhook, status: 'disabled', disabledBecause, disabledAt }
    }
    case 'webhook.enabled': {
      const { disabledBecause: __, disabledAt: ___, ...enabled } = unfailing
      return { ...enabled, status: 'enabled' }
    }
    case 'webhook.secret-rotated':
      return rotated(webhook, event.data, time)
    case 'webhook.tested':
      return webhook
    case 'webhook.delivery-failed':
      return { ...webhook, failing: { since: event.data.failingSince, toldAt: event.data.failedAt } }
    case 'webhook.delivery-recovered':
      return unfailing
  }
}

/** That nothing got through was said of another receiver. */
const described = (
  { name: _, failing, ...webhook }: Webhook,
  data: Extract<WebhookFact, { type: 'webhook.changed' }>['data'],
): Webhook => {
  const { url, events, name, changedAt } = data
  const stays = failing && url === webhook.url
  return {
    ...webhook,
    ...{ url, events, changedAt },
    ...(name !== undefined && { name }),
    ...(stays && { failing }),
  }
}

const rotated = (
  { previous: _, ...webhook }: Webhook,
  data: Extract<WebhookFact, { type: 'webhook.secret-rotated' }>['data'],
  time: string,
): Webhook => {
  const { generation, digest, rotatedAt, previousUntil: until } = data
  const after = { ...webhook, secret: { generation, digest }, rotatedAt }
  return Date.parse(until) > Date.parse(time) ? { ...after, previous: { ...webhook.secret, until } } : after
}

/** What `GET /webhooks` filters by, and what an event is sent to. */
export const labelsOf = ({ status }: Webhook): readonly string[] => [`status=${status}`]
