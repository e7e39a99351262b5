import type { EventType, FactOf } from '../events/catalog.ts'
import type { Cause } from '../events/envelope.ts'
import { fact } from '../events/fact.ts'
import type { SESSION_ENDS } from '../events/session.ts'
import { epochSeconds, instantOf } from '../shared/duration.ts'
import type { Id } from '../shared/id.ts'
import { GroupId } from '../shared/schema.ts'

export type SessionFact = FactOf<Extract<EventType, `session.${string}`>>
export type SessionEnd = (typeof SESSION_ENDS)[number]

export interface Session {
  readonly id: Id<'session'>
  /** Name of the identity provider that vouched for the person. */
  readonly provider: string
  readonly subject: string
  readonly email: string
  readonly groups: readonly string[]
  readonly kid: Id<'key'>
  /** RFC 3339, whole seconds. */
  readonly issuedAt: string
  readonly expiresAt: string
  readonly status: 'live' | 'ended'
  readonly endedAt?: string
}

export interface StartSession {
  readonly sessionId: Id<'session'>
  readonly provider: string
  readonly subject: string
  readonly email: string
  readonly groups: readonly string[]
  readonly kid: Id<'key'>
  readonly lifeSeconds: number
}

/** A session with more would fit neither the context that backends get nor an access rule's reader. */
export const MOST_GROUPS = 500

/**
 * Groups in one order and each once, those that no access rule can name left out; undefined when there are too many to
 * keep, because leaving out one that counts would be a riddle to whoever is refused.
 */
export const groupsFrom = (told: readonly string[]): readonly string[] | undefined => {
  const nameable = [...new Set(told)].filter((group) => GroupId.safeParse(group).success)
  const groups = nameable.sort((a, b) => (a < b ? -1 : 1))
  return groups.length > MOST_GROUPS ? undefined : groups
}

export const start = (
  { lifeSeconds, groups, ...who }: StartSession,
  { now }: Cause,
): readonly SessionFact[] => {
  const issuedAt = epochSeconds(now)
  return [
    fact('session.started', {
      ...who,
      groups: [...groups],
      issuedAt: instantOf(issuedAt),
      expiresAt: instantOf(issuedAt + lifeSeconds),
    }),
  ]
}

/** What the directory says now; nothing when it is what it said before, or when the session is over. */
export const changeGroups = (
  session: Session,
  groups: readonly string[],
  cause: Cause,
): readonly SessionFact[] => {
  if (!isLive(session, cause.now) || session.groups.join(',') === groups.join(',')) return []
  const { id: sessionId, subject, email, kid, issuedAt, expiresAt } = session
  return [
    fact('session.groups-changed', {
      ...{ sessionId, subject, email, kid, issuedAt, expiresAt },
      groups: [...groups],
    }),
  ]
}

/** Ending twice is not an error (RFC 7009 §2.2): the second time, nothing happens. */
export const end = (session: Session, reason: SessionEnd, { now }: Cause): readonly SessionFact[] => {
  if (!isLive(session, now)) return []
  const { id: sessionId, subject, expiresAt } = session
  return [fact('session.ended', { sessionId, subject, expiresAt, endedAt: now.toISOString(), reason })]
}

export const isLive = ({ status, expiresAt }: Session, now: Date): boolean =>
  status === 'live' && Date.parse(expiresAt) > now.getTime()

export const evolve = (session: Session | undefined, event: SessionFact): Session => {
  if (event.type === 'session.started') {
    const { sessionId: id, ...rest } = event.data
    return { id, ...rest, status: 'live' }
  }
  if (!session) throw new Error(`the log of ${event.data.sessionId} begins with ${event.type}`)
  return event.type === 'session.groups-changed'
    ? { ...session, groups: event.data.groups }
    : { ...session, status: 'ended', endedAt: event.data.endedAt }
}

export const labelsOf = ({ status, subject }: Session): readonly string[] => [
  `status=${status}`,
  `subject=${subject}`,
]

/** The claims of the session's token (RFC 9068): who it is, for the platform itself; its groups stay in the read model. */
export const claimsOf = ({ id, subject, issuedAt, expiresAt }: Session, issuer: string) => ({
  iss: issuer,
  sub: subject,
  client_id: subject,
  aud: issuer,
  jti: id,
  iat: epochSeconds(new Date(issuedAt)),
  exp: epochSeconds(new Date(expiresAt)),
})
