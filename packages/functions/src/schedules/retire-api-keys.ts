import type { ApiKey } from '@countersign/core/api-key'
import * as ApiKeys from '@countersign/core/api-key/module'
import { change } from '../runtime/command.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { apiKeyShape, loadApiKey } from '../runtime/entities.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'newId' | 'clock'>

/** Says of rotated API keys that the time of the value before is over; API Gateway's own key has no end by itself. */
export const make = (services: Needs) => async (): Promise<void> => {
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const query = { labels: ['overlapping'], limit: 100, after }
    const page = await services.ledger.list<ApiKey>('api-key', query)
    for (const { id } of page.items) await retire(services, id)
    after = page.next
  }
}

export const handler = lambda(make, { ledger })

/** Who changes the key at the same moment goes first; the next run looks again. */
const retire = async ({ ledger, newId, clock }: Needs, id: string): Promise<void> => {
  const loaded = await loadApiKey(ledger, id)
  const cause = { actor: 'schedule', correlationId: newId('event'), now: clock() }
  const facts = loaded.state ? ApiKeys.retire(loaded.state, cause) : []
  if (facts.length === 0) return
  const { changes } = change(apiKeyShape, id, loaded, facts, { cause, newId })
  await ledger.commit({ entities: changes })
}
