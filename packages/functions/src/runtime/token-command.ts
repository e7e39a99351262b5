import type { Cause } from '@countersign/core/events'
import { err, ok, type Result } from '@countersign/core/shared'
import type { Token, TokenFact, TokenRefusal } from '@countersign/core/token'
import { change, command, type Outcome, versionMatches } from './command.ts'
import { loadToken, tokenShape } from './entities.ts'
import type { HttpAnswer, HttpRequest } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'
import { tokenView } from './views.ts'

type TokenServices = Pick<Services, 'ledger' | 'newId'>
type Facts = Result<readonly TokenFact[], TokenRefusal>
type Request<B, Q> = HttpRequest<B, { readonly id: string }, Q>

/** A command on one token that exists: what it does is a decision of `core`, what is answered the token as it then is. */
export const tokenCommand = async <B, Q>(
  services: TokenServices,
  request: Request<B, Q>,
  decide: (token: Token.Token, cause: Cause) => Facts,
  view: (token: Token.Token) => Promise<object> = async (token) => tokenView(token, request.cause.now),
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, request, async (): Promise<Result<Outcome, Refusal>> => {
    const loaded = await loadToken(services.ledger, request.path.id)
    if (!loaded.state) return err({ reason: 'token_not_found' })
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const facts = decide(loaded.state, request.cause)
    if (!facts.ok) return err({ reason: facts.error })
    const { state, version, changes } = change(tokenShape, loaded.state.id, loaded, facts.value, {
      cause: request.cause,
      newId: services.newId,
    })
    return ok({ changes, answer: { status: 200, body: await view(state), version } })
  })
