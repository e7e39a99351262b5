import { createHash } from 'node:crypto'
import type { EventData, FactOf } from '../events/catalog.ts'
import { fact } from '../events/fact.ts'
import { type Id, idFrom } from '../shared/id.ts'
import type { LoggedDecision } from './line.ts'

export type DenialFact = FactOf<'access.denied'>
type Described = Omit<
  EventData<'access.denied'>,
  'routes' | 'count' | 'firstAt' | 'lastAt' | 'capped' | 'windowStart' | 'denialId'
>

/** What one delivery of the log says of one holder, one reason and one minute. */
export interface Tally {
  readonly denialId: Id<'denial'>
  readonly windowStart: string
  readonly described: Described
  readonly lines: readonly LoggedDecision[]
}

/** What was told of a minute: which decisions, so that a line that is delivered again is not counted again. */
export interface Denials {
  readonly reports: number
  /** When the first of it was told. */
  readonly recordedAt: string
  /** A digest of each decision's id. */
  readonly counted: readonly string[]
}

const MINUTE_MILLISECONDS = 60_000

/** Of one holder, reason and minute: what is above it is not told, so that no flood fills the ledger. */
export const MOST_COUNTED = 2_000
export const MOST_REPORTS = 12
const MOST_ROUTES = 10

/**
 * Refusals by holder, reason, place and minute. Who is not verified has no name: there is one anonymous holder for each
 * gateway and reason. A consumer's own `jti`s are no holders either, because it can make up as many as it likes.
 */
export const talliesOf = (lines: readonly LoggedDecision[]): readonly Tally[] => {
  const tallies = new Map<string, Tally & { readonly lines: LoggedDecision[] }>()
  for (const line of lines) {
    if (line.outcome !== 'deny') continue
    const tally = emptyTally(line)
    const known = tallies.get(tally.denialId) ?? tally
    known.lines.push(line)
    tallies.set(tally.denialId, known)
  }
  return [...tallies.values()]
}

const emptyTally = (line: LoggedDecision): Tally & { readonly lines: LoggedDecision[] } => {
  const described = describe(line)
  const minute = Math.floor(line.at.getTime() / MINUTE_MILLISECONDS) * MINUTE_MILLISECONDS
  const windowStart = new Date(minute).toISOString()
  const key = JSON.stringify([windowStart, ...Object.values(described)])
  const denialId = idFrom('denial', createHash('sha256').update(key).digest().subarray(0, 16))
  return { denialId, windowStart, described, lines: [] }
}

const describe = ({ apiId, environment, gateway, kid, reason = 'unknown', ...line }: LoggedDecision) => {
  const { credential = 'none', consumerId } = line
  const holder = holderOf(line) ?? 'anonymous'
  if (holder === 'anonymous') return { holder, credential: 'none', reason, gateway } as const
  return { holder, credential, consumerId, kid, reason, apiId, environment, gateway } as const
}

const holderOf = ({ credential, tokenId, sessionId, consumerId }: Partial<LoggedDecision>) => {
  switch (credential) {
    case 'token':
      return tokenId
    case 'session':
      return sessionId
    case 'consumer-signed':
      return consumerId
    case undefined:
      return undefined
  }
}

export interface Counted {
  readonly facts: readonly DenialFact[]
  readonly state: Denials
}

/** Adds what was not counted before; nothing when all of it was, or when no more is told of this minute. */
export const count = (known: Denials | undefined, tally: Tally, now: Date): Counted => {
  const { windowStart, denialId, described } = tally
  const before = known ?? { reports: 0, recordedAt: now.toISOString(), counted: [] }
  if (before.reports >= MOST_REPORTS) return { facts: [], state: before }
  const counted = new Set(before.counted)
  const fresh = tally.lines.filter(
    ({ decisionId }) => counted.size < MOST_COUNTED && added(counted, decisionId),
  )
  if (fresh.length === 0) return { facts: [], state: before }
  const state = { ...before, reports: before.reports + 1, counted: [...counted] }
  const capped = state.reports === MOST_REPORTS || counted.size === MOST_COUNTED
  const data = { denialId, ...described, windowStart, ...summaryOf(fresh), capped }
  return { facts: [fact('access.denied', data)], state }
}

const added = (counted: Set<string>, decisionId: string): boolean => {
  const { size } = counted
  return counted.add(createHash('sha256').update(decisionId).digest('base64url').slice(0, 12)).size > size
}

const summaryOf = (lines: readonly LoggedDecision[]) => {
  const instants = lines.map(({ at }) => at.getTime()).sort((a, b) => a - b)
  const routes = lines.flatMap(({ method, route }) => (method && route ? [`${method} ${route}`] : []))
  return {
    routes: [...new Set(routes)].toSorted((a, b) => (a < b ? -1 : 1)).slice(0, MOST_ROUTES),
    count: lines.length,
    firstAt: new Date(instants[0] ?? 0).toISOString(),
    lastAt: new Date(instants.at(-1) ?? 0).toISOString(),
  }
}
