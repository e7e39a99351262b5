import type { EventOf } from '@countersign/core/events'
import type { Delivery, Webhook } from '@countersign/core/webhook'
import * as Webhooks from '@countersign/core/webhook/module'
import { ledger } from '../runtime/connectors/ledger.ts'
import { webhookDeliveries } from '../runtime/connectors/webhook-deliveries.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { subscriber } from '../runtime/subscriber.ts'

type Needs = Pick<Services, 'ledger' | 'webhookDeliveries' | 'log'>

/** Makes one delivery for each webhook of an event, so that no receiver is in the way of another. */
export const make = (services: Needs) =>
  subscriber('FanOutToWebhooks', services, async (event) => {
    const deliveries = await deliveriesOf(services, event)
    if (deliveries.length > 0) await services.webhookDeliveries.enqueue(deliveries)
  })

export const handler = lambda(make, { ledger, webhookDeliveries })

const deliveriesOf = async ({ ledger }: Needs, event: EventOf): Promise<readonly Delivery[]> => {
  const deliveries: Delivery[] = []
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const query = { labels: ['status=enabled'], limit: 100, after }
    const page = await ledger.list<Webhook>('webhook', query)
    const hearing = page.items.filter(({ state }) => Webhooks.hears(state, event))
    deliveries.push(...hearing.map(({ state }) => ({ webhookId: state.id, event })))
    after = page.next
  }
  return deliveries
}
