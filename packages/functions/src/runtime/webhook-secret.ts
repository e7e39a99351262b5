import { err, type Id, ok, type Redacted, type Result } from '@countersign/core/shared'
import type { Webhook } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import { loadWebhook } from './entities.ts'
import type { HttpAnswer } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

export const readWebhookSecret = async ({
  webhookSecret,
}: Pick<Services, 'webhookSecret'>): Promise<Result<Redacted<string>, Refusal>> => {
  const root = await webhookSecret.read()
  return root ? ok(root) : err({ reason: 'webhook_secret_missing' })
}

/** The secret of a webhook's generation and what the ledger keeps of it. */
export const secretAndDigest = (root: Redacted<string>, id: Id<'webhook'>, generation: number) => {
  const secret = Webhooks.secretOf(root, id, generation)
  return { secret, digest: Webhooks.digestOfValue(secret) }
}

/** What signs a webhook's deliveries now, the newest first; undefined where another root made it. */
export const signingSecrets = (
  root: Redacted<string>,
  webhook: Webhook,
  now: Date,
): readonly Redacted<string>[] | undefined => {
  const signing = Webhooks.signingAt(webhook, now).map(({ generation, digest }) => {
    const made = secretAndDigest(root, webhook.id, generation)
    return made.digest === digest ? [made.secret] : []
  })
  return signing.every((made) => made.length > 0) ? signing.flat() : undefined
}

/** Adds the secret to the answer of the command that made it; a repetition under the same `Idempotency-Key` gets the same. */
export const withSecret = async (
  { ledger }: Pick<Services, 'ledger'>,
  root: Redacted<string>,
  answer: HttpAnswer,
): Promise<Result<HttpAnswer, Refusal>> => {
  const { id, generation, ...body } = answer.body as { readonly id: string; readonly generation: number }
  const { state } = await loadWebhook(ledger, id)
  if (state?.secret.generation !== generation) return ok(answer)
  const { secret, digest } = secretAndDigest(root, state.id, generation)
  if (digest !== state.secret.digest) return err({ reason: 'webhook_secret_changed' })
  return ok({ ...answer, body: { id, secret: secret.reveal(), generation, ...body } })
}
