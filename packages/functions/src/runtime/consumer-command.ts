import type { Consumer, ConsumerFact } from '@countersign/core/consumer'
import type { Cause } from '@countersign/core/events'
import { err, ok, type Result } from '@countersign/core/shared'
import { change, command, type Outcome, versionMatches } from './command.ts'
import { consumerShape, loadConsumer } from './entities.ts'
import type { HttpAnswer, HttpRequest } from './http.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'
import { consumerView } from './views.ts'

type Facts = Result<readonly ConsumerFact[], Refusal>

/** A command on one consumer that exists. */
export const consumerCommand = async <B, Q>(
  services: Pick<Services, 'ledger' | 'newId'>,
  request: HttpRequest<B, { readonly id: string }, Q>,
  decide: (consumer: Consumer.Consumer, cause: Cause) => Facts | Promise<Facts>,
): Promise<Result<HttpAnswer, Refusal>> =>
  command(services, request, async (): Promise<Result<Outcome, Refusal>> => {
    const loaded = await loadConsumer(services.ledger, request.path.id)
    if (!loaded.state) return err({ reason: 'consumer_not_found' })
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const facts = await decide(loaded.state, request.cause)
    if (!facts.ok) return facts
    const { state, version, changes } = change(consumerShape, loaded.state.id, loaded, facts.value, {
      cause: request.cause,
      newId: services.newId,
    })
    return ok({ changes, answer: { status: 200, body: consumerView(state), version } })
  })
