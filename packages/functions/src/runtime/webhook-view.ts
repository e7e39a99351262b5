import type { Webhook } from '@countersign/core/webhook'

/** What the HTTP API shows of a webhook; its secret is never among it, nor anything made of it. */
export const webhookView = ({ id, status, secret, previous, failing, ...rest }: Webhook) => ({
  id,
  state: status,
  generation: secret.generation,
  ...(previous && { previousUntil: previous.until }),
  ...(failing && { failingSince: failing.since }),
  ...rest,
})
