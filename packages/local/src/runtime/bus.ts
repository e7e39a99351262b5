import { randomUUID } from 'node:crypto'
import { EVENT_SOURCE, HUB_SOURCE, type HubEventType, type Publisher } from '@countersign/core/events'
import { type SubscriptionName, subscriptions, takes } from '@countersign/topology'
import type { Queues, Sent } from '../store/sqlite-queues.ts'

/** What may go wrong on the way, on demand: EventBridge and SQS do all three. */
export interface Adversity {
  /** From 0 (inclusive) to 1 (exclusive); seeded in tests. */
  readonly random: () => number
  /** Probability that a message is delivered once more. */
  readonly duplicate?: number
  /** Longest delay of a message, in milliseconds. */
  readonly delayMilliseconds?: number
  /** Messages are received in any order. */
  readonly reorder?: boolean
}

/** What EventBridge is given with `PutEvents`. */
export interface BusEntry {
  readonly source: string
  readonly detailType: string
  readonly detail: unknown
  readonly time: Date
}

export interface Bus extends Publisher {
  /** Puts an entry of another source on the bus, as the API Hub does. Returns EventBridge's id of it. */
  put(entry: BusEntry): string
}

export interface BusOptions {
  readonly queues: Queues
  readonly clock: () => Date
  readonly adversity: Adversity | undefined
  /** Told which queues have something new. */
  readonly sent: (queue: SubscriptionName) => void
}

const names = Object.keys(subscriptions) as SubscriptionName[]

/** The bus of one machine: rules as the topology has them, from source and type to queues. */
export const localBus = ({ queues, clock, adversity, sent }: BusOptions): Bus => {
  const deliver = (entries: readonly (BusEntry & { readonly id: string })[]): void => {
    const messages = entries.flatMap((entry) => messagesFor(entry, clock, adversity))
    queues.send(messages)
    for (const name of new Set(messages.map(({ queue }) => queue))) sent(name as SubscriptionName)
  }
  return {
    publish: async (events) => {
      deliver(
        events.map((event) => ({
          id: event.id,
          source: EVENT_SOURCE,
          detailType: event.type,
          detail: event,
          time: new Date(event.time),
        })),
      )
      return []
    },
    put: (entry) => {
      const id = randomUUID()
      deliver([{ ...entry, id }])
      return id
    },
  }
}

const messagesFor = (
  { id, source, detailType, detail, time }: BusEntry & { readonly id: string },
  clock: () => Date,
  adversity: Adversity | undefined,
): readonly Sent[] => {
  const body = JSON.stringify({
    version: '0',
    id,
    'detail-type': detailType,
    source,
    account: '000000000000',
    time: time.toISOString(),
    region: 'local',
    resources: [],
    detail,
  })
  const readers = names.filter((name) => takes(subscriptions[name], source, detailType))
  return readers.flatMap((queue) =>
    Array.from({ length: copies(adversity) }, () => ({
      queue,
      body,
      eventId: id,
      eventType: detailType,
      visibleAt: clock().getTime() + delay(adversity),
    })),
  )
}

const copies = (adversity: Adversity | undefined): number =>
  adversity?.duplicate !== undefined && adversity.random() < adversity.duplicate ? 2 : 1

const delay = (adversity: Adversity | undefined): number =>
  adversity?.delayMilliseconds === undefined
    ? 0
    : Math.floor(adversity.random() * (adversity.delayMilliseconds + 1))

/** A publication of the API Hub's, as it would put it on the bus. */
export const hubEntry = (detailType: HubEventType, detail: unknown, time: Date): BusEntry => ({
  source: HUB_SOURCE,
  detailType,
  detail,
  time,
})
