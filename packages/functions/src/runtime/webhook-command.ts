import type { Cause, EventOf } from '@countersign/core/events'
import { err, ok, type Result } from '@countersign/core/shared'
import type { Webhook, WebhookFact, WebhookRefusal } from '@countersign/core/webhook'
import { type Asked, change, command, type Outcome, versionMatches } from './command.ts'
import { loadWebhook, webhookShape } from './entities.ts'
import type { HttpAnswer, HttpRequest } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'
import { webhookView } from './webhook-view.ts'

type AskedWebhook = Asked & Pick<HttpRequest<unknown, { readonly id: string }, unknown>, 'path' | 'ifMatch'>

/** A command on one webhook that exists. `decided`: what it is, and the events of the command, before they are saved. */
export const webhookCommand = (
  services: Pick<Services, 'ledger' | 'newId'>,
  request: AskedWebhook,
  decide: (webhook: Webhook, cause: Cause) => Result<readonly WebhookFact[], WebhookRefusal>,
  decided: (webhook: Webhook, events: readonly EventOf[]) => void = () => {},
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, request, async (): Promise<Result<Outcome, Refusal>> => {
    const loaded = await loadWebhook(services.ledger, request.path.id)
    if (!loaded.state) return err({ reason: 'webhook_not_found' })
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const facts = decide(loaded.state, request.cause)
    if (!facts.ok) return err({ reason: facts.error })
    const { state, version, changes } = change(webhookShape, loaded.state.id, loaded, facts.value, {
      cause: request.cause,
      newId: services.newId,
    })
    decided(
      state,
      changes.flatMap(({ events }) => events),
    )
    return ok({ changes, answer: { status: 200, body: webhookView(state), version } })
  })
