import type { Cause } from '@countersign/core/events'
import type { Entry } from '@countersign/core/ledger'
import type { DirectoryRefusal, SessionEnd } from '@countersign/core/session'
import * as Session from '@countersign/core/session/module'
import { ok } from '@countersign/core/shared'
import { change, command } from './command.ts'
import { loadSession, sessionShape } from './entities.ts'
import { causesOf } from './http.ts'
import type { Services } from './services.ts'

type RefreshServices = Pick<Services, 'ledger' | 'identities' | 'newId' | 'randomBytes' | 'clock' | 'log'>
type Live = Entry<Session.Session>

/** What one run came to: people asked about, those the directory gave no answer for, those there was no time for. */
export interface Refreshed {
  readonly asked: number
  readonly failed: number
  readonly left: number
}

/** Below the 60 s of a run. */
const RUN_MILLISECONDS = 45_000
/** Google's Directory API takes 2,400 queries a minute; one person is at least two, and sign-ins ask as well. */
const AT_ONCE = 4
const LONGEST_SESSION_MILLISECONDS = 3_600_000
const PAGE = 100
/** How often one run asks about a person: until nothing was to be written any more. */
const MOST_QUESTIONS = 4

/**
 * Asks about each person with a live session once. What narrows a session is in the transaction that says so. Without an
 * answer a session keeps its groups, until its own end: a directory that is down must not lock everybody out, and a
 * session is short.
 */
export const refreshSessions = async (services: RefreshServices, cause: Cause): Promise<Refreshed> => {
  const people = rotated(await livePeople(services, cause.now), services)
  const ends = services.clock().getTime() + RUN_MILLISECONDS
  const done = { asked: 0, failed: 0 }
  const waiting = people.values()
  const worker = async () => {
    while (services.clock().getTime() < ends) {
      const { value: sessions, done: over } = waiting.next()
      if (over || !sessions) return
      done.asked += 1
      if (!(await refreshPerson(services, sessions, cause))) done.failed += 1
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return { ...done, left: people.length - done.asked }
}

/** Live sessions by person; only those young enough to be alive are looked at. */
const livePeople = async ({ ledger }: RefreshServices, now: Date): Promise<readonly (readonly Live[])[]> => {
  const query = {
    labels: ['status=live'],
    expiresAfter: now.toISOString(),
    createdFrom: new Date(now.getTime() - LONGEST_SESSION_MILLISECONDS).toISOString(),
    limit: PAGE,
  }
  const found: Live[] = []
  let after: string | undefined
  do {
    const { items, next } = await ledger.list<Session.Session>('session', { ...query, after })
    found.push(...items)
    after = next
  } while (after !== undefined)
  return [...Map.groupBy(found, ({ state }) => state.subject).values()]
}

/** Another one is first every time, so that nobody is always the one there is no time for. */
const rotated = <T>(items: readonly T[], { randomBytes }: RefreshServices): readonly T[] => {
  const [a = 0, b = 0, c = 0] = randomBytes(3)
  const first = items.length === 0 ? 0 : (a * 65_536 + b * 256 + c) % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

const ENDS: Readonly<Record<DirectoryRefusal, SessionEnd>> = {
  account_unknown: 'account-unknown',
  account_suspended: 'account-suspended',
  account_of_other_domain: 'account-of-other-domain',
}

/** Whether there was an answer, or none was needed. */
const refreshPerson = async (
  services: RefreshServices,
  sessions: readonly Live[],
  cause: Cause,
  questions = MOST_QUESTIONS,
): Promise<boolean> => {
  try {
    const told = await askAbout(services, sessions)
    if (told === undefined) return true
    const touched = await settle(services, sessions, cause, told)
    if (touched.length === 0) return true
    if (questions === 1) throw new Error('they changed whenever the directory was asked')
    return await refreshPerson(services, touched, cause, questions - 1)
  } catch (error) {
    const ids = sessions.map(({ id }) => id)
    const line = { message: 'a session could not be refreshed', sessions: ids, error: causesOf(error) }
    services.log({ level: 'warn', ...line })
    return false
  }
}

/** The groups of the person whose sessions these are, or why they have no more; undefined: there is nobody to ask. */
const askAbout = async (
  { identities }: RefreshServices,
  [first]: readonly Live[],
): Promise<readonly string[] | SessionEnd | undefined> => {
  if (!first) return undefined
  const { provider: name, subject, email } = first.state
  const provider = identities.configuration().providers.find((one) => one.name === name)
  if (!provider) return 'account-unknown' // it is not trusted any more
  if (!Session.canBeAskedAgain(provider)) return undefined
  const told = await identities.directoryOf(provider).groupsOf({ id: Session.idIn(subject), email })
  return told.ok ? (Session.groupsFrom(told.value) ?? []) : ENDS[told.error]
}

/**
 * Writes what was told to the sessions that are still as they were when the question was asked. Those that moved meanwhile
 * come back, because another run may have been told later; and so do those that were written, because another may have been
 * told later that nothing is to be changed, which leaves no mark. What is older never stays in the place of what is newer.
 */
const settle = async (
  services: RefreshServices,
  sessions: readonly Live[],
  cause: Cause,
  told: readonly string[] | SessionEnd,
): Promise<readonly Live[]> => {
  const touched: string[] = []
  for (const { id, version } of sessions) {
    let isTouched = false
    const saved = await command(services, { cause, idempotencyKey: undefined, fingerprint: '' }, async () => {
      const { state, ...loaded } = await loadSession(services.ledger, id)
      if (!state) throw new Error(`the session ${id} is listed and not there`)
      const isMoved = loaded.version !== version
      const facts = isMoved ? [] : factsOf(state, told, cause)
      isTouched = isMoved || facts.length > 0
      const { changes } = change(sessionShape, id, { state, ...loaded }, facts, { ...services, cause })
      return ok({ changes, answer: { status: 200, body: undefined } })
    })
    if (!saved.ok) throw new Error(`the session ${id} could not be changed: ${saved.error.reason}`)
    if (isTouched) touched.push(id)
  }
  return liveAmong(services, touched, cause.now)
}

const liveAmong = async (
  { ledger }: RefreshServices,
  ids: readonly string[],
  now: Date,
): Promise<readonly Live[]> => {
  const loaded = await Promise.all(ids.map(async (id) => ({ id, ...(await loadSession(ledger, id)) })))
  return loaded.flatMap(({ state, ...rest }) =>
    state && Session.isLive(state, now) ? [{ ...rest, state }] : [],
  )
}

const factsOf = (state: Session.Session, told: readonly string[] | SessionEnd, cause: Cause) =>
  typeof told === 'string' ? Session.end(state, told, cause) : Session.changeGroups(state, told, cause)
