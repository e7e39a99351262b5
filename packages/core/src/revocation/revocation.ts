import type { EventData, FactOf } from '../events/catalog.ts'
import { type Cause, fact } from '../events/envelope.ts'
import { epochSeconds, instantOf } from '../shared/duration.ts'
import { err, ok, type Result } from '../shared/result.ts'

export type RevocationFact = FactOf<'revocation.begun' | 'revocation.completed'>
type Begun = EventData<'revocation.begun'>

/** `everybody`, or the id of a signing key, a consumer or an API. */
export type RevocationTarget = Begun['target']

/** What was last said of a target. It has one log, so the later of two sets of one target counts. */
export interface Revocation extends Begun {
  /** Until then the fence names the set. */
  readonly status: 'begun' | 'completed'
  readonly begunAt: string
}

export interface RevokeSet extends Pick<Begun, 'target' | 'reason' | 'note'> {
  /** RFC 3339; everything until now unless given. */
  readonly issuedBefore?: string | undefined
}

export const revocationIdOf = (target: RevocationTarget): string => `set-${target}`

/** Clocks differ, and nobody wants to refuse what is issued tomorrow. */
const LATEST_AHEAD_SECONDS = 60

/** NumericDate before which a token of the set was issued: without one, everything issued in this second too. */
const markOf = (issuedBefore: string | undefined, now: Date): number =>
  issuedBefore === undefined ? epochSeconds(now) + 1 : epochSeconds(new Date(issuedBefore))

/** The instant before which the tokens of the set were issued. */
export const issuedBeforeOf = (
  { issuedBefore }: Pick<RevokeSet, 'issuedBefore'>,
  now: Date,
): Result<string, 'issued_before_in_future'> => {
  const mark = markOf(issuedBefore, now)
  return mark > epochSeconds(now) + LATEST_AHEAD_SECONDS
    ? err('issued_before_in_future')
    : ok(instantOf(mark))
}

/** A mark never moves back while it stands. */
export const begin = (
  known: Revocation | undefined,
  { target, issuedBefore, reason, note }: RevokeSet & { readonly issuedBefore: string },
  { now }: Cause,
): readonly RevocationFact[] => {
  const stands = known?.status === 'begun' && Date.parse(known.issuedBefore) >= Date.parse(issuedBefore)
  const revokedAt = now.toISOString()
  return stands ? [] : [fact('revocation.begun', { target, issuedBefore, revokedAt, reason, note })]
}

/**
 * What the ledger does not know of (sessions, tokens that consumers sign) lives for a day at most, and by then no list of
 * tokens is behind and no token of the set can still be on its way into one.
 */
export const STANDS_AT_LEAST_SECONDS = 86_400 + 300

export const mayComplete = ({ issuedBefore, revokedAt }: Revocation, now: Date): boolean =>
  now.getTime() >= Math.max(Date.parse(issuedBefore), Date.parse(revokedAt)) + STANDS_AT_LEAST_SECONDS * 1_000

/** To be said only after a look at every token of the set, begun when it might complete, that found none left to revoke. */
export const complete = (revocation: Revocation, { now }: Cause): readonly RevocationFact[] =>
  revocation.status === 'completed'
    ? []
    : [fact('revocation.completed', { target: revocation.target, completedAt: now.toISOString() })]

export const evolve = (known: Revocation | undefined, event: RevocationFact, time: string): Revocation => {
  if (event.type === 'revocation.begun')
    return { ...event.data, status: 'begun', begunAt: known?.begunAt ?? time }
  if (!known) throw new Error(`the log of ${event.data.target} begins with ${event.type}`)
  return { ...known, status: 'completed' }
}

export const labelsOf = ({ status }: Revocation): readonly string[] => [`status=${status}`]
