import type { EventData } from '../events/catalog.ts'
import { environmentPolicy } from '../shared/environment.ts'
import type { Grant, Token, TokenStatus } from './token.ts'

/** The states of which the end is `expired`. */
export const ENDING: readonly TokenStatus[] = ['active', 'disabled']

/** A request that nobody answered by then never can be: what was true when it was written may not be any more. */
const LAPSES_AFTER_SECONDS = 14 * 86_400

const lapsesAt = ({ createdAt }: Token): string =>
  new Date(Date.parse(createdAt) + LAPSES_AFTER_SECONDS * 1_000).toISOString()

const earliest = (...instants: readonly string[]): string =>
  new Date(Math.min(...instants.map((instant) => Date.parse(instant)))).toISOString()

/** RFC 3339: when the state the token is in ends by the clock. */
export const endOf = (token: Token): string => {
  if (token.status === 'requested') return earliest(token.expiresAt, lapsesAt(token))
  return token.endsAt === undefined ? token.expiresAt : earliest(token.expiresAt, token.endsAt)
}

/**
 * The state people see. A token that was active or disabled is `expired` once its time is over, whether it expired or its
 * successor took its place; a request that nobody answered has `lapsed`.
 */
export const stateAt = (token: Token, now: Date): TokenStatus | 'expired' | 'lapsed' => {
  const { status } = token
  if (Date.parse(endOf(token)) > now.getTime()) return status
  if (status === 'requested') return 'lapsed'
  return ENDING.includes(status) ? 'expired' : status
}

export const isOver = ({ expiresAt, endsAt = expiresAt }: Token, now: Date): boolean =>
  Math.min(Date.parse(expiresAt), Date.parse(endsAt)) <= now.getTime()

export const hasLapsed = (token: Token, now: Date): boolean =>
  token.status === 'requested' && Date.parse(lapsesAt(token)) <= now.getTime()

/** One approval is good for as long as one token could have been that was issued when it was given. */
export const approvalEnd = (grants: readonly Grant[], approvedAt: string): string => {
  const longest = grants.map(({ environment }) => environmentPolicy(environment).longestTokenSeconds)
  return new Date(Date.parse(approvedAt) + Math.min(...longest) * 1_000).toISOString()
}

/** What was agreed to, of a token that somebody else had to approve. */
export const approvalOf = (token: Token): EventData<'token.issued'>['approval'] => {
  const { requestedBy, approvedBy, grants, createdAt } = token
  if (requestedBy === undefined || approvedBy === undefined) return undefined
  return { requestedBy, approvedBy, until: token.approvedUntil ?? approvalEnd(grants, createdAt) }
}
