import type * as z from 'zod'
import type { EventData, EventType, FactOf } from '../events/catalog.ts'
import { type Cause, fact } from '../events/envelope.ts'
import type { GrantSchema, REMINDER_DAYS, REVOCATION_REASONS } from '../events/token.ts'
import { epochSeconds, instantOf } from '../shared/duration.ts'
import type { Id } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { approvalEnd, approvalOf, hasLapsed, isOver } from './ends.ts'

export type Grant = z.output<typeof GrantSchema>
export type RevocationReason = (typeof REVOCATION_REASONS)[number]
/** To be used does not change a token. */
export type TokenEventType = Exclude<Extract<EventType, `token.${string}`>, 'token.used'>
export type TokenFact = FactOf<TokenEventType>

/** `expired` and `lapsed` are not kept: they follow from the clock (`stateAt`). */
export type TokenStatus = 'requested' | 'approved' | 'rejected' | 'active' | 'disabled' | 'revoked'

export interface Token {
  readonly id: Id<'token'>
  readonly status: TokenStatus
  /** When it was asked for, or issued without asking. */
  readonly createdAt: string
  readonly consumerId: Id<'consumer'>
  readonly consumer: string
  readonly grants: readonly Grant[]
  readonly expiresAt: string
  readonly reason?: string | undefined
  readonly requestedBy?: string
  readonly approvedBy?: string
  /** RFC 3339: so long an approval holds for the successors of the token. */
  readonly approvedUntil?: string
  readonly rerolledFrom?: Id<'token'> | undefined
  /** The token that takes its place, and when it is itself refused on that account. */
  readonly successorId?: Id<'token'>
  readonly rerolledAt?: string
  readonly endsAt?: string
  /** The last reminder that went out. */
  readonly remindedDays?: (typeof REMINDER_DAYS)[number]
  /** From the moment it is issued. */
  readonly kid?: Id<'key'>
  readonly issuedAt?: string
  readonly revokedAt?: string
  readonly revocationReason?: RevocationReason
}

/** A token that was signed once: it has a key and a time of issue. */
export type IssuedToken = Token & Required<Pick<Token, 'kid' | 'issuedAt'>>

export const isIssued = (token: Token): token is IssuedToken => token.kid !== undefined

export type TokenRefusal =
  | 'token_not_found'
  | 'token_not_requested'
  | 'token_not_approved'
  | 'token_not_active'
  | 'token_not_disabled'
  | 'token_not_issued'
  | 'token_revoked'
  | 'token_expired'
  | 'token_lapsed'
  | 'token_disabled'
  | 'token_rerolled'
  | 'reroller_is_not_requester'
  | 'approver_is_requester'
  | 'collector_is_not_requester'

type Facts = Result<readonly TokenFact[], TokenRefusal>

export interface IssueToken {
  readonly tokenId: Id<'token'>
  readonly consumerId: Id<'consumer'>
  readonly consumer: string
  readonly grants: readonly Grant[]
  readonly expiresAt: string
  readonly reason?: string | undefined
  readonly rerolledFrom?: Id<'token'> | undefined
  readonly approval?: EventData<'token.issued'>['approval']
}

const described = ({ approval, ...command }: IssueToken) => ({
  ...command,
  grants: [...command.grants],
  ...(approval && { approval }),
})

/** Issues at once; the caller has checked consumer, grants and expiry against what is registered. */
export const issue = (command: IssueToken, kid: Id<'key'>, cause: Cause): readonly TokenFact[] => [
  fact('token.issued', { ...described(command), kid, issuedAt: issuedAt(cause) }),
]

/** Asks for a token where somebody else has to approve. */
export const request = (command: IssueToken, cause: Cause): readonly TokenFact[] => [
  fact('token.requested', { ...described(command), requestedBy: cause.actor }),
]

export const approve = (token: Token, { actor, now }: Cause): Facts => {
  if (token.status === 'approved') return ok([])
  if (token.status !== 'requested') return err('token_not_requested')
  if (hasLapsed(token, now)) return err('token_lapsed')
  if (isOver(token, now)) return err('token_expired')
  if (token.requestedBy === actor) return err('approver_is_requester')
  return ok([fact('token.approved', { tokenId: token.id, approvedBy: actor })])
}

/** Also takes an approval back, as long as nobody collected the token: there is no signature of it yet. */
export const reject = (token: Token, note: string | undefined, { actor, now }: Cause): Facts => {
  if (token.status === 'rejected') return ok([])
  if (hasLapsed(token, now)) return err('token_lapsed')
  if (token.status !== 'requested' && token.status !== 'approved') return err('token_not_requested')
  return ok([fact('token.rejected', { tokenId: token.id, rejectedBy: actor, note })])
}

/**
 * Only who asked for it takes it, once; it is issued at that moment, and not before it was asked for when the clock is behind:
 * a set of tokens is looked for by when they were asked for.
 */
export const collect = (token: Token, kid: Id<'key'>, cause: Cause): Facts => {
  if (token.status !== 'approved') return err('token_not_approved')
  if (token.requestedBy !== cause.actor) return err('collector_is_not_requester')
  if (isOver(token, cause.now)) return err('token_expired')
  const { id: tokenId, consumerId, consumer, grants, expiresAt, reason } = token
  const approval = approvalOf(token)
  const now = new Date(Math.max(cause.now.getTime(), Date.parse(token.createdAt)))
  return ok([
    ...issue({ tokenId, consumerId, consumer, grants, expiresAt, reason, approval }, kid, { ...cause, now }),
    fact('token.collected', { tokenId, collectedBy: cause.actor }),
  ])
}

export const disable = (token: Token, note: string | undefined, { now }: Cause): Facts => {
  if (token.status === 'disabled') return ok([])
  if (token.status === 'revoked') return err('token_revoked')
  if (token.status !== 'active') return err('token_not_active')
  if (isOver(token, now)) return err('token_expired')
  const { id: tokenId, expiresAt } = token
  return ok([fact('token.disabled', { tokenId, expiresAt, disabledAt: now.toISOString(), note })])
}

export const enable = (token: Token, { now }: Cause): Facts => {
  if (token.status === 'active') return ok([])
  if (token.status === 'revoked') return err('token_revoked')
  if (token.status !== 'disabled') return err('token_not_disabled')
  if (isOver(token, now)) return err('token_expired')
  return ok([
    fact('token.enabled', { tokenId: token.id, expiresAt: token.expiresAt, enabledAt: now.toISOString() }),
  ])
}

/** Terminal. Revoking twice is not an error (RFC 7009 §2.2): the second time, nothing happens. */
export const revoke = (
  token: Token,
  { reason, note }: { readonly reason: RevocationReason; readonly note?: string | undefined },
  { now }: Cause,
): Facts => {
  if (token.status === 'revoked') return ok([])
  if (!isIssued(token)) return err('token_not_issued')
  const { id: tokenId, expiresAt } = token
  return ok([fact('token.revoked', { tokenId, expiresAt, revokedAt: now.toISOString(), reason, note })])
}

const issuedAt = ({ now }: Cause): string => instantOf(epochSeconds(now))

/** The state after one more event; total over what the deciders above can produce. */
export const evolve = (token: Token | undefined, event: TokenFact, time: string): Token => {
  if (event.type === 'token.requested' || event.type === 'token.issued') return begun(token, event, time)
  if (!token) throw new Error(`the log of ${event.data.tokenId} begins with ${event.type}`)
  switch (event.type) {
    case 'token.approved':
      return {
        ...token,
        status: 'approved',
        approvedBy: event.data.approvedBy,
        approvedUntil: approvalEnd(token.grants, time),
      }
    case 'token.rejected':
      return { ...token, status: 'rejected' }
    case 'token.collected':
      return token
    case 'token.rerolled': {
      const { successorId, rerolledAt, until: endsAt } = event.data
      return { ...token, successorId, rerolledAt, endsAt }
    }
    case 'token.expiring':
      return { ...token, remindedDays: event.data.days }
    case 'token.disabled':
      return { ...token, status: 'disabled' }
    case 'token.enabled':
      return { ...token, status: 'active' }
    case 'token.revoked':
      return {
        ...token,
        status: 'revoked',
        revokedAt: event.data.revokedAt,
        revocationReason: event.data.reason,
      }
  }
}

const begun = (
  token: Token | undefined,
  event: FactOf<'token.requested' | 'token.issued'>,
  time: string,
): Token => {
  const createdAt = token?.createdAt ?? time
  if (event.type === 'token.requested') {
    const { tokenId: id, ...described } = event.data
    return { ...token, id, status: 'requested', createdAt, ...described }
  }
  const { tokenId: id, approval, ...described } = event.data
  return { ...token, id, status: 'active', createdAt, ...described, ...(approval && approvedBy(approval)) }
}

const approvedBy = ({ until, ...who }: NonNullable<EventData<'token.issued'>['approval']>) => ({
  ...who,
  approvedUntil: until,
})

/** JWT claims of an issued token (RFC 9068 §2.2). A function of the state alone, so that signing again gives the same token. */
export const claimsOf = (token: IssuedToken, issuer: string): TokenClaims => ({
  iss: issuer,
  sub: token.consumerId,
  client_id: token.consumerId,
  aud: [...new Set(token.grants.map(({ apiId }) => apiId))],
  jti: token.id,
  iat: epochSeconds(new Date(token.issuedAt)),
  exp: epochSeconds(new Date(token.expiresAt)),
})

export interface TokenClaims {
  readonly iss: string
  readonly sub: EventData<'token.issued'>['consumerId']
  readonly client_id: string
  readonly aud: readonly string[]
  readonly jti: string
  readonly iat: number
  readonly exp: number
}
