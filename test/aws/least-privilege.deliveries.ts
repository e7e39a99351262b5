import { type EventOf, HUB_SOURCE } from '@countersign/core/events'
import type { Id } from '@countersign/core/shared'
import { Webhooks } from '@countersign/core/webhook'
import { findUsagePlan } from '@countersign/functions/runtime/entities'
import { provision } from '@countersign/functions/runtime/provisioning'
import { type InboxName, subscriptions } from '@countersign/topology'
import { disarrange } from './disarrange.ts'
import { type Calls, textIn } from './least-privilege.calls.ts'
import { described, fresh, freshAccount, givenBy } from './least-privilege.routes.ts'
import type { EmulatorWorld } from './world.ts'

/**
 * What would be put into a queue so that its function needs every one of its grants, and has no trouble with it. A new queue is
 * missing here until it has some.
 */
export type Deliveries = Readonly<Record<InboxName, () => Promise<readonly object[]>>>

const delivered = (source: string, type: string, detail: object): object => ({
  id: crypto.randomUUID(),
  source,
  'detail-type': type,
  time: new Date().toISOString(),
  detail,
})

export const deliveriesIn = (world: EmulatorWorld, calls: Calls): Deliveries => {
  const { services } = calls
  const given = givenBy(calls, world)
  const saidOf = async (name: string, closed: boolean) => {
    const subject = textIn((await calls.route('GET /apis/{name}', { path: { name } })).body, 'id')
    if (closed) await calls.route('DELETE /apis/{name}', { path: { name } })
    const { items } = await services.ledger.events({ subject, limit: 10, after: undefined })
    return items.flatMap((event) =>
      event.type === 'api.registered' ? [] : [delivered('countersign', event.type, event)],
    )
  }
  const registration = async () => {
    const subject = await given.consumer()
    return (await services.ledger.events({ subject, limit: 1, after: undefined })).items
  }
  return {
    ProjectAccess: async () => {
      const subject = await given.token()
      const { items } = await services.ledger.events({ subject, limit: 10, after: undefined })
      return items.map((event) => delivered('countersign', event.type, event))
    },
    /** API Gateway is left with everything to do: something to make, to change, to merge and to remove. */
    ProvisionUsagePlan: async () => {
      const names = [await given.plan(), await given.plan()] as const
      const id = await given.apiKey(...names)
      const plans = await Promise.all(names.map((name) => findUsagePlan(services.ledger, name)))
      const [moved] = plans.map((plan) => plan?.state.apiId) // whose plans are looked up
      const subjects = [...plans.map((plan) => plan?.state.id), id, moved]
      const said = await Promise.all(
        subjects.map((subject) =>
          services.ledger.events({ subject: `${subject}`, limit: 10, after: undefined }),
        ),
      )
      const events = said
        .flatMap(({ items }) => items)
        .filter(({ type }) => subscriptions.ProvisionUsagePlan.on.some((one) => one === type))
      for (const event of events) await provision(services, event)
      await disarrange(world, id)
      return events.map((event) => delivered('countersign', event.type, event))
    },
    RegisterPublishedApi: async () => {
      const withdrawn = await given.api()
      const publicationId = crypto.randomUUID()
      return [
        delivered(HUB_SOURCE, 'api-hub.api-published', {
          publicationId,
          name: fresh(),
          ...described(['/a']),
        }),
        delivered(HUB_SOURCE, 'api-hub.api-withdrawn', { publicationId, name: withdrawn }),
      ]
    },
    FlushAuthorizerCaches: async () => {
      const [token, consumer] = [await given.token(), await given.consumer()]
      await calls.route('POST /tokens/{id}/revocation', {
        path: { id: token },
        body: { reason: 'requested' },
      })
      await calls.route('POST /consumers/{id}/suspension', { path: { id: consumer } })
      const said = await Promise.all(
        [token, consumer].map((subject) => services.ledger.events({ subject, limit: 10, after: undefined })),
      )
      const taking = said.flatMap(({ items }) => items).filter(({ type }) => /revoked|suspended/.test(type))
      return taking.map((event) => delivered('countersign', event.type, event))
    },
    AdmitAccounts: async () => {
      const names = [
        await given.api({ accountId: freshAccount() }),
        await given.api({ accountId: freshAccount() }),
      ]
      const said = await Promise.all(names.map((name) => saidOf(name, name === names[1])))
      return said.flat()
    },
    /** Of what no webhook hears: what is sent to several is sent in a batch, which no role may do in the emulator. */
    FanOutToWebhooks: async () => {
      const subject = await given.token()
      const { items } = await services.ledger.events({ subject, limit: 1, after: undefined })
      return items.map((event) => delivered('countersign', event.type, event))
    },
    /** A receiver that is gone for good: the webhook is disabled. */
    DeliverToWebhooks: async () => {
      const { id, receiver } = await given.webhook()
      receiver.answers(...Array.from({ length: 20 }, () => 410))
      return deliveryTo(id, await registration())
    },
  }
}

/** What the fan-out puts into the queue for a webhook. */
export const deliveryTo = (webhookId: Id<'webhook'>, events: readonly EventOf[]): readonly object[] =>
  events.map((event): object => JSON.parse(Webhooks.messageOf({ webhookId, event })))

/** A batch as SQS hands it to a function. */
export const batchOf = (messages: readonly object[]): object => ({
  Records: messages.map((message, index) => ({
    messageId: String(index),
    receiptHandle: String(index),
    body: JSON.stringify(message),
    attributes: { ApproximateReceiveCount: '1' },
  })),
})
