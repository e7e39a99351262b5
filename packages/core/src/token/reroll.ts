import { type Cause, fact } from '../events/envelope.ts'
import { epochSeconds, instantOf } from '../shared/duration.ts'
import { environmentPolicy } from '../shared/environment.ts'
import type { Id } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { approvalOf, stateAt } from './ends.ts'
import { type ExpiryRequest, expiryOf, type Fault } from './issue-request.ts'
import {
  type IssuedToken,
  type IssueToken,
  isIssued,
  type Token,
  type TokenFact,
  type TokenRefusal,
} from './token.ts'

/** A token that can have a successor: issued, alive, and without one. What was approved is renewed by who asked for it. */
export const rerollable = (token: Token, { actor, now }: Cause): Result<IssuedToken, TokenRefusal> => {
  if (token.status === 'revoked') return err('token_revoked')
  if (!isIssued(token)) return err('token_not_issued')
  if (token.successorId !== undefined) return err('token_rerolled')
  if (stateAt(token, now) === 'expired') return err('token_expired')
  if (token.status === 'disabled') return err('token_disabled')
  const approval = approvalOf(token)
  if (approval && actor !== approval.requestedBy && actor !== token.consumerId)
    return err('reroller_is_not_requester')
  return ok(token)
}

/**
 * When the successor ends: as asked, else after the same lifetime. Never later than the environments allow, nor than the
 * approval of the first token of the line holds.
 */
export const successorExpiry = (
  token: IssuedToken,
  asked: ExpiryRequest,
  now: Date,
): Result<string, readonly Fault[]> => {
  const environments = [...new Set(token.grants.map(({ environment }) => environment))]
  const approvedUntil = Date.parse(approvalOf(token)?.until ?? '')
  if (asked.expiresAt !== undefined || asked.expiresIn !== undefined) {
    const end = expiryOf(asked, environments, now)
    if (!end.ok || !(Date.parse(end.value) > approvedUntil)) return end
    const detail = `the approval of this token holds until ${new Date(approvedUntil).toISOString()}`
    const pointer = asked.expiresIn === undefined ? '/expiresAt' : '/expiresIn'
    return err([{ pointer, code: 'expiry_too_late', detail }])
  }
  const lifetime = (Date.parse(token.expiresAt) - Date.parse(token.issuedAt)) / 1_000
  const longest = environments.map((environment) => environmentPolicy(environment).longestTokenSeconds)
  const end = epochSeconds(now) + Math.min(lifetime, ...longest)
  return ok(instantOf(Number.isNaN(approvedUntil) ? end : Math.min(end, Math.floor(approvedUntil / 1_000))))
}

/** What the successor is: the same, for another while. */
export const successorOf = (
  { id, consumerId, consumer, grants, reason, ...token }: IssuedToken,
  successorId: Id<'token'>,
  expiresAt: string,
): IssueToken => ({
  tokenId: successorId,
  consumerId,
  consumer,
  grants,
  expiresAt,
  reason,
  rerolledFrom: id,
  approval: approvalOf({ id, consumerId, consumer, grants, ...token }),
})

/** The predecessor lives for the grace, never beyond its own end; without one it is refused at once. */
export const supersede = (
  token: IssuedToken,
  successorId: Id<'token'>,
  graceSeconds: number,
  { now }: Cause,
): readonly TokenFact[] => {
  const end = Math.min(epochSeconds(now) + graceSeconds, epochSeconds(new Date(token.expiresAt)))
  const { id: tokenId, expiresAt } = token
  const rerolledAt = now.toISOString()
  return [fact('token.rerolled', { tokenId, expiresAt, successorId, rerolledAt, until: instantOf(end) })]
}
