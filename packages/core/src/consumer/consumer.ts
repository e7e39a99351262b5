import type { EventType, FactOf } from '../events/catalog.ts'
import type { CONSUMER_TYPES } from '../events/consumer.ts'
import { type Cause, fact } from '../events/envelope.ts'
import type { Id } from '../shared/id.ts'
import { evolveSelfSigning, type SelfSigning, selfSigningFrom } from './self-signing.ts'

export type ConsumerType = (typeof CONSUMER_TYPES)[number]
export type ConsumerFact = FactOf<Extract<EventType, `consumer.${string}`>>

export interface Consumer {
  readonly id: Id<'consumer'>
  readonly name: string
  readonly type: ConsumerType
  readonly owner: string
  readonly status: 'active' | 'suspended'
  readonly registeredAt: string
  /** RFC 3339: everything issued to it earlier is refused. */
  readonly issuedBefore?: string
  /** Of a consumer that signs its own tokens. */
  readonly selfSigning?: SelfSigning
}

export interface RegisterConsumer extends Pick<Consumer, 'name' | 'type' | 'owner'> {
  readonly selfSigning?: Pick<SelfSigning, 'longestTokenSeconds'> | undefined
}

export const register = (
  id: Id<'consumer'>,
  { name, type, owner, selfSigning }: RegisterConsumer,
): readonly ConsumerFact[] => [
  fact('consumer.registered', { consumerId: id, name, type, owner, ...(selfSigning && { selfSigning }) }),
]

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
    const { consumerId: id, name, type, owner, selfSigning } = event.data
    const own = selfSigning && { selfSigning: selfSigningFrom(selfSigning) }
    return { id, name, type, owner, status: 'active', registeredAt: time, ...own }
  }
  if (!consumer) throw new Error(`the log of ${event.data.consumerId} begins with ${event.type}`)
  if (event.type === 'consumer.suspended' || event.type === 'consumer.resumed')
    return { ...consumer, status: event.type === 'consumer.suspended' ? 'suspended' : 'active' }
  return evolveSelfSigning(consumer, event)
}

export const labelsOf = ({ status, type, selfSigning }: Consumer): readonly string[] => [
  `status=${status}`,
  `type=${type}`,
  ...(selfSigning ? ['signs=itself'] : []),
]
