import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { loadConsumer } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { ConsumerPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { consumerView } from '../runtime/views.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: ConsumerPath }, services, async ({ path }) => {
    const { state, version } = await loadConsumer(services.ledger, path.id)
    return state
      ? ok({ status: 200, body: consumerView(state), version })
      : err({ reason: 'consumer_not_found' })
  })

export const handler = lambda(make, { ledger })
