import { type Id, isId } from '../shared/id.ts'

/** The `kid` of a key that a consumer signs with. It names the consumer, so that nothing a token claims picks the key. */
export type ConsumerKid = `${Id<'consumer'>}.${Id<'key'>}`

export const consumerKid = (consumerId: Id<'consumer'>, keyId: Id<'key'>): ConsumerKid =>
  `${consumerId}.${keyId}`

/** The consumer that a `kid` names; undefined for a kid that is none of a consumer's. */
export const consumerOfKid = (kid: string): Id<'consumer'> | undefined => {
  const dot = kid.indexOf('.')
  const [consumerId, keyId] = [kid.slice(0, dot), kid.slice(dot + 1)]
  return dot > 0 && isId('consumer', consumerId) && isId('key', keyId) ? consumerId : undefined
}
