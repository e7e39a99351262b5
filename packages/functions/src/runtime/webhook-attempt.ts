import type { EventOf } from '@countersign/core/events'
import { epochSeconds, type Redacted } from '@countersign/core/shared'
import type { Outcome, Webhook } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import type { Services } from './services.ts'
import { signingSecrets } from './webhook-secret.ts'

export type AttemptServices = Pick<Services, 'webhookSecret' | 'webhookReceivers' | 'clock'>

/**
 * What a receiver is sent: the envelope, with the member `timestamp` that Standard Webhooks has for its `time`. The same
 * bytes with every attempt.
 */
const bodyOf = (event: EventOf): string => JSON.stringify({ ...event, timestamp: event.time })

/** Sends an event to a webhook once, signed. Throws when it cannot be signed: that is no fault of the receiver's. */
export const attempting = ({ webhookSecret, webhookReceivers, clock }: AttemptServices) => {
  let known: Redacted<string> | undefined
  /** The root is read when it is first needed, and again when it did not make this webhook's secret. */
  const secretsOf = async (webhook: Webhook, now: Date): Promise<readonly Redacted<string>[]> => {
    const kept = known && signingSecrets(known, webhook, now)
    if (kept) return kept
    known = await webhookSecret.read()
    const secrets = known && signingSecrets(known, webhook, now)
    if (!secrets) throw new Error('the secret that made the secret of this webhook is not there any more')
    return secrets
  }
  return async (webhook: Webhook, event: EventOf): Promise<Outcome> => {
    const now = clock()
    const content = { id: event.id, timestamp: epochSeconds(now), body: bodyOf(event) }
    const signature = Webhooks.signatureOf(await secretsOf(webhook, now), content)
    return webhookReceivers.post({
      url: webhook.url,
      headers: {
        'content-type': 'application/json',
        'webhook-id': content.id,
        'webhook-timestamp': String(content.timestamp),
        'webhook-signature': signature,
      },
      body: content.body,
    })
  }
}
