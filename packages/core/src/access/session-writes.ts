import type { EventData } from '../events/catalog.ts'
import { epochSeconds } from '../shared/duration.ts'
import type { RegisterWrite } from '../shared/register.ts'
import { type SessionIdentity, type SessionRefusal, sessionRowKey } from './row.ts'

/** A tombstone outlives the session it refuses by this much, whatever the clocks of the parties say. */
const TOMBSTONE_MARGIN_SECONDS = 86_400

const secondsOf = (instant: string): number => epochSeconds(new Date(instant))

/** Who has a session, and the groups they are members of: whole, so that a group that is left is gone. */
export const identityWrite = (data: EventData<'session.groups-changed'>, rank: number): RegisterWrite =>
  sessionWrite(data, 'session', rank, {
    subject: data.subject,
    email: data.email,
    groups: data.groups,
    kid: data.kid,
    issuedAt: secondsOf(data.issuedAt),
    expiresAt: secondsOf(data.expiresAt),
  })

export const endWrite = (data: EventData<'session.ended'>, rank: number): RegisterWrite =>
  sessionWrite(data, 'refusal', rank, { why: 'ended', since: data.endedAt })

/** All by commands: a session is good as soon as it was handed out, and what narrows it is never late. */
const sessionWrite = (
  { sessionId, expiresAt }: { readonly sessionId: string; readonly expiresAt: string },
  register: 'session' | 'refusal',
  rank: number,
  value: SessionIdentity | SessionRefusal,
): RegisterWrite => ({
  row: sessionRowKey(sessionId),
  register,
  rank,
  value: { ...value },
  by: 'command',
  sweepAfter: secondsOf(expiresAt) + TOMBSTONE_MARGIN_SECONDS,
})
