import type { EventOf } from '@countersign/core/events'
import type { Loaded } from '@countersign/core/ledger'
import { idOf } from '@countersign/core/schema'
import { err, type Id } from '@countersign/core/shared'
import type { Attempt, Outcome, Webhook } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import type { SQSRecord } from 'aws-lambda'
import { change } from './command.ts'
import { loadWebhook, webhookShape } from './entities.ts'
import { causesOf } from './http.ts'
import type { Services } from './services.ts'
import { Delivered, jsonIn, ownEvent } from './subscriber.ts'
import { turns } from './turns.ts'
import { type AttemptServices, attempting } from './webhook-attempt.ts'

export type DeliveryServices = AttemptServices &
  Pick<Services, 'ledger' | 'webhookDeliveries' | 'newId' | 'randomBytes' | 'log'>

/** What `WebhookDeliveries` puts into the queue. */
const Message = Delivered.extend({ webhookId: idOf('webhook') })

interface Trial extends Attempt {
  readonly webhookId: Id<'webhook'>
  /** The webhook as it was before. */
  readonly loaded: Loaded<Webhook>
  readonly event: EventOf
}

/**
 * Tries one delivery and says whether it is done with. One that failed stays in the queue and comes back by itself, later
 * with every attempt, until the queue gives it up.
 */
export const deliverer = (services: DeliveryServices) => {
  const attempt = unlessResting(services)
  const deliver = async (record: SQSRecord): Promise<boolean> => {
    const { webhookId, detail } = Message.parse(jsonIn(record.body))
    const event = ownEvent(detail)
    const loaded = await loadWebhook(services.ledger, webhookId)
    if (loaded.state?.status !== 'enabled') return dropped(services, webhookId, event)
    const outcome = await attempt(loaded.state, event)
    const trial = { webhookId, loaded, event, attempt: attemptsOf(record), outcome }
    await tell(services, trial)
    return Webhooks.gotThrough(outcome) || Webhooks.isGone(outcome)
      ? done(services, trial)
      : later(services, trial, record)
  }
  return (record: SQSRecord): Promise<boolean> =>
    deliver(record).catch((error: unknown) => {
      const { messageId } = record
      services.log({ level: 'error', message: 'a message failed', messageId, error: causesOf(error) })
      return false
    })
}

/** The queue counts them, also those of processes that died. */
const attemptsOf = ({ attributes }: SQSRecord): number => Number(attributes.ApproximateReceiveCount)

/** So long nothing is tried with a receiver that let us wait in vain. */
const REST_MILLISECONDS = 30_000
/** Attempts with one receiver at once, and how long another waits for its turn. */
const MOST_AT_ONCE = 2
const PATIENCE_MILLISECONDS = 1_000

/**
 * A receiver that hangs must not take the time of the others: few attempts are made with it at once, and then it rests for a
 * while, as far as this process remembers.
 */
const unlessResting = (services: DeliveryServices) => {
  const attempt = attempting(services)
  const restsUntil = new Map<string, number>()
  const turnWith = turns(MOST_AT_ONCE, PATIENCE_MILLISECONDS)
  const rests = ({ id }: Webhook) => (restsUntil.get(id) ?? 0) > services.clock().getTime()
  return async (webhook: Webhook, event: EventOf): Promise<Outcome> => {
    if (rests(webhook)) return err('resting')
    const release = await turnWith(webhook.id)
    try {
      if (!release || rests(webhook)) return err('resting')
      const outcome = await attempt(webhook, event)
      if (outcome.ok || outcome.error !== 'timed_out') restsUntil.delete(webhook.id)
      else restsUntil.set(webhook.id, services.clock().getTime() + REST_MILLISECONDS)
      return outcome
    } finally {
      release?.()
    }
  }
}

/** In the webhook's log, where it is news. Who changes the webhook at the same moment goes first; the next attempt looks again. */
const tell = async (
  { ledger, clock, newId }: DeliveryServices,
  { webhookId, loaded, event, ...attempt }: Trial,
): Promise<void> => {
  const cause = {
    actor: 'webhooks',
    correlationId: event.correlationid,
    causationId: event.id,
    now: clock(),
  }
  const facts = loaded.state ? Webhooks.judge(loaded.state, { event, ...attempt }, cause) : []
  if (facts.length === 0) return
  const { changes } = change(webhookShape, webhookId, loaded, facts, { cause, newId })
  await ledger.commit({ entities: changes })
}

const dropped = ({ log }: DeliveryServices, webhookId: string, { id, type }: EventOf): true => {
  const message = 'a delivery was dropped: its webhook is not enabled'
  log({ level: 'info', message, webhookId, eventId: id, eventType: type })
  return true
}

/** A URL is no member: what is in its path may be a secret of the receiver's. */
const saidOf = ({ webhookId, event, attempt, outcome }: Trial) => ({
  ...{ webhookId, eventId: event.id, eventType: event.type, attempt },
  ...(outcome.ok ? { outcome: 'answered', status: outcome.value.status } : { outcome: outcome.error }),
})

const done = ({ log }: DeliveryServices, trial: Trial): true => {
  log({ level: 'info', message: 'a delivery is done', ...saidOf(trial) })
  return true
}

const later = async (
  { webhookDeliveries, randomBytes, log }: DeliveryServices,
  trial: Trial,
  { messageId, receiptHandle }: SQSRecord,
): Promise<false> => {
  const { attempt, outcome } = trial
  const isLast = attempt >= Webhooks.ATTEMPTS
  const chance = Buffer.from(randomBytes(4)).readUInt32BE() / 2 ** 32
  const retryAfter = outcome.ok ? outcome.value.retryAfterSeconds : undefined
  const error = outcome.ok ? `the receiver answered ${outcome.value.status}` : outcome.error
  await webhookDeliveries.postpone(
    receiptHandle,
    isLast ? 0 : Webhooks.delayAfter(attempt, chance, retryAfter),
  )
  const message = isLast ? 'a delivery was given up' : 'a delivery failed'
  log({ level: isLast ? 'error' : 'warn', message, ...saidOf(trial), messageId, error })
  return false
}
