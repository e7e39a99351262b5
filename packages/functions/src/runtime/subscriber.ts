import {
  type EventOf,
  HUB_SOURCE,
  type HubEventData,
  type HubEventType,
  hubEvents,
  parseEvent,
} from '@countersign/core/events'
import type { RegistrationFault } from '@countersign/core/registry'
import { type SubscriptionName, subscriptions, takes } from '@countersign/topology'
import middy from '@middy/core'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import * as z from 'zod'
import { causesOf, errorsOf } from './http.ts'
import type { Services } from './services.ts'

/** An event of the API Hub's as EventBridge delivered it. */
export type HubEvent = {
  [T in HubEventType]: {
    readonly type: T
    /** EventBridge's own id of it. */
    readonly id: string
    /** RFC 3339. */
    readonly time: string
    readonly data: HubEventData<T>
  }
}[HubEventType]

/** An event of the API Hub's that is not of the documented form: what is wrong with it goes back to the publisher. */
export interface MalformedHubEvent {
  readonly type: 'malformed'
  readonly id: string
  readonly time: string
  readonly name: string
  readonly publicationId: string | undefined
  readonly faults: readonly RegistrationFault[]
}

type TypesIn<On> = On extends 'every' ? EventOf['type'] : On extends readonly (infer T)[] ? T : never
type OnOf<N extends SubscriptionName> = TypesIn<(typeof subscriptions)[N]['on']>
type OwnEvent<T> = T extends EventOf['type'] ? EventOf<T> : never
type HubEventOf<T> = T extends HubEventType ? Extract<HubEvent, { type: T }> | MalformedHubEvent : never

/** What a subscription's handler is given: the events it subscribes to, parsed. */
export type EventFor<N extends SubscriptionName> = OwnEvent<OnOf<N>> | HubEventOf<OnOf<N>>

/** What EventBridge puts into a queue. */
export const Delivered = z.object({
  id: z.string().min(1),
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime(),
  detail: z.unknown(),
})

/**
 * Reads EventBridge events from an SQS batch, one after the other so that one slow store is not asked ten times at once,
 * and reports each failed message by itself: its neighbours are done with.
 */
export const subscriber = <N extends SubscriptionName>(
  name: N,
  { log }: Pick<Services, 'log'>,
  handle: (event: EventFor<N>) => Promise<void>,
) => {
  const receive = async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = []
    for (const { messageId, body } of Records) {
      try {
        await handle(readDelivery(name, body))
      } catch (error) {
        log({
          level: 'error',
          message: 'a message failed',
          subscription: name,
          messageId,
          error: causesOf(error),
        })
        batchItemFailures.push({ itemIdentifier: messageId })
      }
    }
    log({
      level: 'info',
      message: 'a batch was handled',
      subscription: name,
      messages: Records.length,
      failed: batchItemFailures.length,
    })
    return { batchItemFailures }
  }
  const guarded = middy<SQSEvent, SQSBatchResponse>(receive)
  return (event: SQSEvent) => guarded(event, {} as never) as Promise<SQSBatchResponse>
}

const readDelivery = <N extends SubscriptionName>(name: N, body: string): EventFor<N> => {
  const delivered = Delivered.parse(jsonIn(body))
  const type = delivered['detail-type']
  const subscription = subscriptions[name]
  if (!takes(subscription, subscription.source, type))
    throw new Error(`${name} does not subscribe to "${type}"`)
  return (
    delivered.source === HUB_SOURCE ? hubEvent(type, delivered) : ownEvent(delivered.detail)
  ) as EventFor<N>
}

/** The parser quotes what it cannot read, and what a handler says is shown beside its dead letter. */
export const jsonIn = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    throw new Error('the message is not JSON')
  }
}

const hubEvent = (
  type: string,
  { id, time, detail }: z.output<typeof Delivered>,
): HubEvent | MalformedHubEvent => {
  if (!Object.hasOwn(hubEvents, type)) throw new Error(`no event of the API Hub has the type "${type}"`)
  const parsed = hubEvents[type as HubEventType].safeParse(detail)
  if (parsed.success) return { type, id, time, data: parsed.data } as HubEvent
  const faults = parsed.error.issues.flatMap((issue) => errorsOf('', issue))
  const { name, publicationId } = Named.parse(detail)
  return { type: 'malformed', id, time, name, publicationId, faults }
}

/** As much as is needed to say whose publication it was. */
const Named = z
  .object({
    name: z.string().max(128).catch('unnamed'),
    publicationId: z.string().max(128).optional().catch(undefined),
  })
  .catch({ name: 'unnamed', publicationId: undefined })

export const ownEvent = (detail: unknown): EventOf => {
  const event = parseEvent(detail)
  if (!event.ok) throw new Error(event.error.detail)
  return event.value
}
