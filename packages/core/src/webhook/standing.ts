import type { EventOf } from '../events/catalog.ts'
import type { Cause } from '../events/envelope.ts'
import { fact } from '../events/fact.ts'
import type { Result } from '../shared/result.ts'
import { selects } from './filter.ts'
import type { Received, Trouble } from './receivers.ts'
import { disable, type Webhook, type WebhookFact } from './webhook.ts'

export type Outcome = Result<Received, Trouble>

/** One attempt at one delivery, and what came of it. */
export interface Attempt {
  readonly event: Pick<EventOf, 'id' | 'type'>
  /** 1 for the first. */
  readonly attempt: number
  readonly outcome: Outcome
}

/** The receiver wants nothing more (Standard Webhooks 1.0.0; RFC 9110 §15.5.11). */
const GONE = 410

/** A hiccup is nobody's news: from this attempt on, some minutes after the first, it is told. */
const TOLD_FROM_ATTEMPT = 4
const TOLD_EVERY_MILLISECONDS = 3_600_000
const GIVEN_UP_AFTER_MILLISECONDS = 5 * 86_400_000

/** To whom an event goes. Nobody hears of themselves: what says that a webhook fails would fail with it. */
export const hears = ({ id, status, events }: Webhook, event: Pick<EventOf, 'type' | 'subject'>): boolean =>
  status === 'enabled' && event.subject !== id && selects(events, event.type)

export const gotThrough = (outcome: Outcome): boolean =>
  outcome.ok && outcome.value.status >= 200 && outcome.value.status < 300

export const isGone = (outcome: Outcome): boolean => outcome.ok && outcome.value.status === GONE

/** What an attempt changes about a webhook: mostly nothing. */
export const judge = (webhook: Webhook, attempt: Attempt, cause: Cause): readonly WebhookFact[] => {
  if (webhook.status === 'disabled') return []
  if (gotThrough(attempt.outcome)) return recovered(webhook, cause)
  if (isGone(attempt.outcome)) return disable(webhook, 'gone', undefined, cause)
  const since = Date.parse(webhook.failing?.since ?? cause.now.toISOString())
  if (cause.now.getTime() - since >= GIVEN_UP_AFTER_MILLISECONDS)
    return disable(webhook, 'failing', undefined, cause)
  return isToldAlready(webhook, attempt, cause) ? [] : [failed(webhook, attempt, cause)]
}

const recovered = ({ id: webhookId, failing }: Webhook, { now }: Cause): readonly WebhookFact[] =>
  failing
    ? [
        fact('webhook.delivery-recovered', {
          ...{ webhookId, failingSince: failing.since },
          recoveredAt: now.toISOString(),
        }),
      ]
    : []

const isToldAlready = ({ failing }: Webhook, { attempt }: Attempt, { now }: Cause): boolean =>
  attempt < TOLD_FROM_ATTEMPT ||
  (failing !== undefined && now.getTime() - Date.parse(failing.toldAt) < TOLD_EVERY_MILLISECONDS)

const failed = (
  { id: webhookId, failing }: Webhook,
  { event, attempt, outcome }: Attempt,
  { now }: Cause,
): WebhookFact => {
  const failedAt = now.toISOString()
  return fact('webhook.delivery-failed', {
    ...{ webhookId, failingSince: failing?.since ?? failedAt, failedAt },
    ...{ eventId: event.id as `evt_${string}`, eventType: event.type, attempt },
    outcome: outcome.ok ? 'answered' : outcome.error,
    ...(outcome.ok && { status: outcome.value.status }),
  })
}
