import * as z from 'zod'
import { Digest, Instant, idOf, Line } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

const OUTCOME = z.string().regex(/^[a-z][a-z_]{0,63}$/)

const DESCRIBED = {
  name: Line.optional(),
  /** Without user, query or fragment. */
  url: z.url().max(2_048),
  /** `token.revoked`, `token.*`, `*` */
  events: z.array(z.string().min(1).max(64)).min(1).max(50),
}

export const WebhookRegistered = defineEvent(
  'webhook.registered',
  1,
  'Events of these types are sent to a URL. The secret that signs them is shown once and is in no event.',
  () =>
    z.object({
      webhookId: idOf('webhook'),
      ...DESCRIBED,
      digest: Digest,
      registeredAt: Instant,
    }),
)

export const WebhookChanged = defineEvent(
  'webhook.changed',
  1,
  'A webhook leads somewhere else, hears of other events or has another name; its secret stays.',
  () => z.object({ webhookId: idOf('webhook'), ...DESCRIBED, changedAt: Instant }),
)

export const WebhookDisabled = defineEvent(
  'webhook.disabled',
  1,
  'Nothing is sent to a webhook any more, not even what waited: somebody asked for it, the receiver said that it is gone for good (410), or nothing had got through to it for days.',
  () =>
    z.object({
      webhookId: idOf('webhook'),
      disabledAt: Instant,
      because: z.enum(['requested', 'gone', 'failing']),
      note: z.string().optional(),
    }),
)

export const WebhookEnabled = defineEvent(
  'webhook.enabled',
  1,
  'What happens from now on is sent to a webhook again.',
  () => z.object({ webhookId: idOf('webhook'), enabledAt: Instant }),
)

export const WebhookSecretRotated = defineEvent(
  'webhook.secret-rotated',
  1,
  'Deliveries to a webhook are signed with a new secret, and until `previousUntil` with the one before as well.',
  () =>
    z.object({
      webhookId: idOf('webhook'),
      /** 1 for the secret a webhook was registered with, then one more each. */
      generation: z.int().min(2),
      digest: Digest,
      rotatedAt: Instant,
      previousUntil: Instant,
    }),
)

export const WebhookTested = defineEvent(
  'webhook.tested',
  1,
  'Somebody had this very event sent to a webhook, whatever types it was registered for.',
  () => z.object({ webhookId: idOf('webhook'), testedAt: Instant }),
)

export const WebhookDeliveryFailed = defineEvent(
  'webhook.delivery-failed',
  1,
  'A delivery did not get through for some time; told once an hour at most for each webhook, with the latest delivery.',
  () =>
    z.object({
      webhookId: idOf('webhook'),
      /** When it was told for the first time since something got through. */
      failingSince: Instant,
      failedAt: Instant,
      eventId: idOf('event'),
      eventType: z.string(),
      /** Of this delivery; with the last one it is given up. */
      attempt: z.int().min(1),
      /** `answered`, or why there was no answer. */
      outcome: OUTCOME,
      status: z.int().optional(),
    }),
)

export const WebhookDeliveryRecovered = defineEvent(
  'webhook.delivery-recovered',
  1,
  'Something got through to a webhook again.',
  () => z.object({ webhookId: idOf('webhook'), failingSince: Instant, recoveredAt: Instant }),
)
