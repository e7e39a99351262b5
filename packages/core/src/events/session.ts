import * as z from 'zod'
import { GroupId, Instant, idOf } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

/** Who a session is for, and the signed token's own dates; enough to write the row that the authorizer reads. */
const Identified = {
  sessionId: idOf('session'),
  /** `<provider>#<sub>`: stable, whatever becomes of the address. */
  subject: z.string().min(1),
  email: z.string().min(1),
  /** The directory's stable ids. */
  groups: z.array(GroupId),
  kid: idOf('key'),
  issuedAt: Instant,
  expiresAt: Instant,
}

export const SESSION_ENDS = [
  'signed-out',
  'account-unknown',
  'account-suspended',
  'account-of-other-domain',
] as const

export const SessionStarted = defineEvent(
  'session.started',
  1,
  'A person signed in. The signed token is shown once and is in no event.',
  () => z.object({ ...Identified, provider: z.string().min(1) }),
)

export const SessionGroupsChanged = defineEvent(
  'session.groups-changed',
  1,
  'The directory says other groups of the person now; the session opens what these open.',
  () => z.object(Identified),
)

export const SessionEnded = defineEvent(
  'session.ended',
  1,
  'A session is refused for good: the person signed out, or the directory does not vouch for the account any more.',
  () =>
    z.object({
      sessionId: idOf('session'),
      subject: z.string().min(1),
      expiresAt: Instant,
      endedAt: Instant,
      reason: z.enum(SESSION_ENDS),
    }),
)
