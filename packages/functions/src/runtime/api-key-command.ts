import type { ApiKey, ApiKeyFact, ApiKeyRefusal } from '@countersign/core/api-key'
import type { Cause } from '@countersign/core/events'
import { err, ok, type Result } from '@countersign/core/shared'
import { change, command, type Outcome, versionMatches } from './command.ts'
import { apiKeyShape, loadApiKey } from './entities.ts'
import type { HttpAnswer, HttpRequest } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'
import { apiKeyView } from './usage-views.ts'

/** A command on one API key that exists. */
export const apiKeyCommand = async <B, Q>(
  services: Pick<Services, 'ledger' | 'newId'>,
  request: HttpRequest<B, { readonly id: string }, Q>,
  decide: (key: ApiKey, cause: Cause) => Result<readonly ApiKeyFact[], ApiKeyRefusal>,
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, request, async (): Promise<Result<Outcome, Refusal>> => {
    const loaded = await loadApiKey(services.ledger, request.path.id)
    if (!loaded.state) return err({ reason: 'api_key_not_found' })
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const facts = decide(loaded.state, request.cause)
    if (!facts.ok) return err({ reason: facts.error })
    const { state, version, changes } = change(apiKeyShape, loaded.state.id, loaded, facts.value, {
      cause: request.cause,
      newId: services.newId,
    })
    return ok({ changes, answer: { status: 200, body: apiKeyView(state), version } })
  })
