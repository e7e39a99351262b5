import type * as z from 'zod'
import type { EventData, FactOf } from '../events/catalog.ts'
import { type Cause, fact } from '../events/envelope.ts'
import type { GrantSchema, REVOCATION_REASONS } from '../events/token.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { formatRoute } from '../shared/route.ts'
import type { Consumer } from './consumer.ts'

type Grant = z.output<typeof GrantSchema>

/** A key the consumer signs with; `until` (RFC 3339) once another has taken its place. */
export interface ConsumerKey {
  readonly kid: string
  readonly until?: string | undefined
}

/** What a consumer that signs its own tokens may do. */
export interface SelfSigning {
  /** From `iat` to `exp` of its tokens, at most. */
  readonly longestTokenSeconds: number
  readonly grants: readonly Grant[]
  readonly keys: readonly ConsumerKey[]
  /** Tokens that are refused one by one, until none of that age can be alive. */
  readonly refused: readonly { readonly tokenId: string; readonly until: string }[]
  /** What somebody wants its tokens to open, until somebody else approves. */
  readonly requested?: { readonly grants: readonly Grant[]; readonly requestedBy: string }
}

/** 15 minutes: the consumer signs whenever it needs to, so there is no reason for long ones. */
export const DEFAULT_OWN_TOKEN_SECONDS = 900

/** A day: what lives longer is issued by the platform, which knows of it. */
export const LONGEST_OWN_TOKEN_SECONDS = 86_400

/** The consumer row is read with every request of the consumer; whoever has more to refuse says `issuedBefore`. */
export const MOST_REFUSED_TOKENS = 500

export type SelfSigningRefusal =
  | 'consumer_not_self_signing'
  | 'grants_not_requested'
  | 'approver_is_requester'
  | 'refusals_full'

type SelfSigningFact = FactOf<
  | 'consumer.grants-requested'
  | 'consumer.grants-changed'
  | 'consumer.secret-rotated'
  | 'consumer.tokens-revoked'
>
type Facts = Result<readonly SelfSigningFact[], SelfSigningRefusal>

/** Opens exactly these routes; where somebody else has to approve what is more than before, asks for it. */
export const changeGrants = (
  consumer: Consumer,
  grants: readonly Grant[],
  needsApproval: boolean,
  { actor }: Cause,
): Facts => {
  const own = consumer.selfSigning
  if (!own) return err('consumer_not_self_signing')
  if (sameGrants(own.grants, grants) && !own.requested) return ok([])
  if (!needsApproval || isWithin(grants, own.grants)) return ok([changed(consumer, own, grants)])
  const data = { consumerId: consumer.id, grants: [...grants], requestedBy: actor }
  return ok([fact('consumer.grants-requested', data)])
}

/** Somebody other than the requester. */
export const approveGrants = (consumer: Consumer, { actor }: Cause): Facts => {
  const own = consumer.selfSigning
  if (!own) return err('consumer_not_self_signing')
  if (!own.requested) return err('grants_not_requested')
  if (own.requested.requestedBy === actor) return err('approver_is_requester')
  return ok([changed(consumer, own, own.requested.grants, actor)])
}

const changed = (
  { id, name }: Consumer,
  { longestTokenSeconds }: SelfSigning,
  grants: readonly Grant[],
  approvedBy?: string,
) =>
  fact('consumer.grants-changed', {
    consumerId: id,
    consumer: name,
    grants: [...grants],
    longestTokenSeconds,
    ...(approvedBy !== undefined && { approvedBy }),
  })

/** The consumer signs with a new key; the ones before it are accepted for `overlapSeconds`, never longer than before. */
export const rotateSecret = (
  consumer: Consumer,
  kid: string,
  overlapSeconds: number,
  { now }: Cause,
): Facts => {
  const own = consumer.selfSigning
  if (!own) return err('consumer_not_self_signing')
  if (own.keys.some((key) => key.kid === kid)) return ok([])
  const end = now.getTime() + overlapSeconds * 1_000
  const earlier = own.keys
    .map((key) => ({ kid: key.kid, until: Math.min(end, key.until ? Date.parse(key.until) : Infinity) }))
    .filter(({ until }) => until > now.getTime())
    .map((key) => ({ kid: key.kid, until: new Date(key.until).toISOString() }))
  const accepted = [...earlier, { kid }]
  return ok([
    fact('consumer.secret-rotated', { consumerId: consumer.id, kid, rotatedAt: now.toISOString(), accepted }),
  ])
}

export interface RevokeConsumerTokens {
  /** `jti` of a token that it signed itself. */
  readonly tokenId?: string | undefined
  /** RFC 3339. */
  readonly issuedBefore?: string | undefined
  readonly reason: (typeof REVOCATION_REASONS)[number]
  readonly note?: string | undefined
}

/** Refuses one of its own tokens, or everything issued to it before an instant. A mark never moves back. */
export const revokeTokens = (
  consumer: Consumer,
  { tokenId, issuedBefore, reason, note }: RevokeConsumerTokens,
  { now }: Cause,
): Facts => {
  const own = consumer.selfSigning
  if (tokenId !== undefined && !own) return err('consumer_not_self_signing')
  const alive = (own?.refused ?? []).filter(({ until }) => Date.parse(until) > now.getTime())
  const known = tokenId === undefined || alive.some((one) => one.tokenId === tokenId)
  const marked =
    issuedBefore === undefined || Date.parse(consumer.issuedBefore ?? EPOCH) >= Date.parse(issuedBefore)
  if (known && marked) return ok([])
  const until = new Date(now.getTime() + (own?.longestTokenSeconds ?? 0) * 1_000 + SKEW_MILLISECONDS)
  const refused = known ? alive : [...alive, { tokenId, until: until.toISOString() }]
  if (refused.length > MOST_REFUSED_TOKENS) return err('refusals_full')
  return ok([
    fact('consumer.tokens-revoked', {
      consumerId: consumer.id,
      revokedAt: now.toISOString(),
      reason,
      note,
      refused,
      ...(!marked && { issuedBefore }),
    }),
  ])
}

const EPOCH = new Date(0).toISOString()

/** Clocks of consumer and authorizer may differ, so a token may be issued a little later than now. */
const SKEW_MILLISECONDS = 60_000

const routesOf = (grants: readonly Grant[]): ReadonlySet<string> =>
  new Set(
    grants.flatMap(({ apiId, environment, routes }) =>
      routes.map((route) => `${apiId} ${environment} ${formatRoute(route)}`),
    ),
  )

const isWithin = (grants: readonly Grant[], others: readonly Grant[]): boolean =>
  [...routesOf(grants)].every((route) => routesOf(others).has(route))

const sameGrants = (a: readonly Grant[], b: readonly Grant[]): boolean => isWithin(a, b) && isWithin(b, a)

export const selfSigningFrom = ({
  longestTokenSeconds,
}: NonNullable<EventData<'consumer.registered'>['selfSigning']>): SelfSigning => ({
  longestTokenSeconds,
  grants: [],
  keys: [],
  refused: [],
})

export const evolveSelfSigning = (consumer: Consumer, event: SelfSigningFact): Consumer => {
  const own = consumer.selfSigning && evolveOwn(consumer.selfSigning, event)
  const issuedBefore = event.type === 'consumer.tokens-revoked' ? event.data.issuedBefore : undefined
  return {
    ...consumer,
    ...(own && { selfSigning: own }),
    ...(issuedBefore !== undefined && { issuedBefore }),
  }
}

const evolveOwn = (own: SelfSigning, event: SelfSigningFact): SelfSigning => {
  switch (event.type) {
    case 'consumer.grants-requested': {
      const { grants, requestedBy } = event.data
      return { ...own, requested: { grants, requestedBy } }
    }
    case 'consumer.grants-changed': {
      const { requested: _, ...rest } = own
      return { ...rest, grants: event.data.grants }
    }
    case 'consumer.secret-rotated':
      return { ...own, keys: event.data.accepted }
    case 'consumer.tokens-revoked':
      return { ...own, refused: event.data.refused }
  }
}
