import type { EventType, FactOf } from '../events/catalog.ts'
import type { CONSUMER_TYPES } from '../events/consumer.ts'
import { type Cause, fact } from '../events/envelope.ts'
import type { Id } from '../shared/id.ts'

export type ConsumerType = (typeof CONSUMER_TYPES)[number]
export type ConsumerFact = FactOf<Extract<EventType, `consumer.${string}`>>

export interface Consumer {
  readonly id: Id<'consumer'>
  readonly name: string
  readonly type: ConsumerType
  readonly owner: string
  readonly status: 'active' | 'suspended'
  readonly registeredAt: string
}

export type RegisterConsumer = Pick<Consumer, 'name' | 'type' | 'owner'>

export const register = (
  id: Id<'consumer'>,
  { name, type, owner }: RegisterConsumer,
): readonly ConsumerFact[] => [fact('consumer.registered', { consumerId: id, name, type, owner })]

/** Suspending a suspended consumer changes nothing. */
export const suspend = (
  consumer: Consumer,
  note: string | undefined,
  { now }: Cause,
): readonly ConsumerFact[] =>
  consumer.status === 'suspended'
    ? []
    : [fact('consumer.suspended', { consumerId: consumer.id, suspendedAt: now.toISOString(), note })]

export const resume = (consumer: Consumer, { now }: Cause): readonly ConsumerFact[] =>
  consumer.status === 'active'
    ? []
    : [fact('consumer.resumed', { consumerId: consumer.id, resumedAt: now.toISOString() })]

export const evolve = (consumer: Consumer | undefined, event: ConsumerFact, time: string): Consumer => {
  if (event.type === 'consumer.registered') {
    const { consumerId: id, name, type, owner } = event.data
    return { id, name, type, owner, status: 'active', registeredAt: time }
  }
  if (!consumer) throw new Error(`the log of ${event.data.consumerId} begins with ${event.type}`)
  return { ...consumer, status: event.type === 'consumer.suspended' ? 'suspended' : 'active' }
}

export const labelsOf = ({ status, type }: Consumer): readonly string[] => [
  `status=${status}`,
  `type=${type}`,
]
