import type { KnownApiKey } from './api-keys.ts'
import type { KnownCommand } from './commands.ts'
import { lockdownsAt } from './lockdowns.ts'
import { GROUPS, subjectOf } from './people.ts'

/** A token that somebody was handed. */
export interface KnownToken {
  readonly id: string
  readonly presented: string
  readonly kid: string
  readonly consumerId: string
  readonly apiId: string
  /** Which of the gateways its API had when it was issued. */
  readonly slot: number
  readonly routes: readonly string[]
  /** NumericDates. */
  readonly issuedAt: number
  readonly expiresAt: number
  /** Its successor takes its place: as soon as that may be, and when it certainly is. */
  endsFrom?: number
  endsAt?: number
}

/** A token that waits for somebody's approval. */
export interface KnownRequest {
  readonly id: string
  readonly slot: number
  /** Somebody else was asked to approve it. */
  approvalAsked: boolean
}

/** A person's session, whose token was handed out. */
export interface KnownSession {
  readonly id: string
  readonly presented: string
  readonly kid: string
  readonly person: string
  readonly issuedAt: number
  readonly expiresAt: number
}

export interface OwnSigner {
  readonly consumerId: string
  /** Keys that it was shown, newest last: JWK members, and the NumericDate of their end. */
  readonly keys: { readonly kid: string; readonly k: string; endsAt?: number }[]
  /** Tokens that it signed itself. */
  readonly signed: OwnToken[]
}

export interface OwnToken {
  readonly name: string
  readonly presented: string
  readonly kid: string
  readonly issuedAt: number
}

/** Why something is refused; a name for it that commands and credentials share. */
export type Cause = string

/** What may speak against a credential on a route. */
export interface Held {
  readonly causes: readonly Cause[]
  /** It opens the route in one of these ways, each of them closed by any of its causes. */
  readonly ways?: readonly (readonly Cause[])[]
  /** Sets of credentials that it belongs to, when they were issued before an instant. */
  readonly targets: readonly string[]
  /** It is for no API by name: a set of any API may concern it. */
  readonly anyApi?: true
  readonly issuedAt: number
}

interface UnderWay {
  underWay: number
  endedAt: number
}

const knownAtFirst = () => ({
  tokens: [] as KnownToken[],
  requests: [] as KnownRequest[],
  consumers: [] as string[],
  signers: [] as OwnSigner[],
  sessions: [] as KnownSession[],
  apiKeys: [] as KnownApiKey[],
  /** The acknowledged events that the log must hold, `type subject`, and how often at most. */
  said: new Map<string, 'once' | 'some'>(),
  /** When a refusal was acknowledged, and nobody has asked to take it back since. */
  refused: new Map<Cause, number>(),
  /** Somebody asked for it at some time: whether it holds cannot be told from outside. */
  doubted: new Set<Cause>(),
  undoing: new Map<Cause, UnderWay>(),
  refusing: new Map<Cause, UnderWay>(),
  /** Scopes whose lockdown was acknowledged, and whose end was not. */
  lockdowns: [] as string[],
  /** When a lockdown was lifted last. */
  liftedAt: 0,
  /** Sets that were refused: those asked for, and those acknowledged. NumericDates, but `at`. */
  asked: [] as { readonly target: string; readonly before: number }[],
  marked: [] as { readonly target: string; readonly before: number; readonly at: number }[],
  ticks: 0,
})

export type Known = ReturnType<typeof knownAtFirst>

/**
 * What the world outside knows: what it asked for, what it was told is done, and so what may still get in. It never looks
 * into the platform.
 */
export const createOracle = (known: Known = knownAtFirst()) => {
  const { refused, doubted, asked, marked } = known
  const among = (what: Map<Cause, UnderWay>, cause: Cause): UnderWay => {
    const state = what.get(cause) ?? { underWay: 0, endedAt: -1 }
    what.set(cause, state)
    return state
  }
  const started = (what: Map<Cause, UnderWay>, causes: readonly Cause[]) => {
    for (const cause of causes) among(what, cause).underWay += 1
  }
  const over = (what: Map<Cause, UnderWay>, causes: readonly Cause[], at: number) => {
    for (const cause of causes) {
      among(what, cause).underWay -= 1
      among(what, cause).endedAt = at
    }
  }
  /** Nobody asked for the contrary since. */
  const isAlone = (contrary: Map<Cause, UnderWay>, cause: Cause, begun: number) => {
    const { underWay, endedAt } = among(contrary, cause)
    return underWay === 0 && endedAt < begun
  }
  const isEarlier = ({ issuedAt }: Held, { before }: { before: number }) => issuedAt < before
  const isOf = (held: Held, set: { target: string; before: number }) =>
    isEarlier(held, set) && held.targets.includes(set.target)
  return {
    ...known,
    known,
    commands: [] as KnownCommand[],
    begin: (refuses: readonly Cause[], undoes: readonly Cause[]): number => {
      for (const cause of refuses) doubted.add(cause)
      for (const cause of undoes) refused.delete(cause)
      started(known.refusing, refuses)
      started(known.undoing, undoes)
      return ++known.ticks
    },
    end: (refuses: readonly Cause[], undoes: readonly Cause[]): void => {
      over(known.refusing, refuses, ++known.ticks)
      over(known.undoing, undoes, known.ticks)
    },
    /** The refusal holds from now on, unless it was being taken back at the same time. */
    acknowledge: (refuses: readonly Cause[], begun: number, now: number): void => {
      for (const cause of refuses)
        if (isAlone(known.undoing, cause, begun) && !refused.has(cause)) refused.set(cause, now)
    },
    /** Whoever was let in before is let in again, unless the contrary was asked at the same time. */
    lift: (causes: readonly Cause[], begun: number): void => {
      known.liftedAt = ++known.ticks
      for (const cause of causes) if (isAlone(known.refusing, cause, begun)) doubted.delete(cause)
    },
    liftedAt: (): number => known.liftedAt,
    askSet: (target: string, before: number): void => void asked.push({ target, before }),
    hasSets: (): boolean => asked.length > 0,
    /** Nothing takes it back: what was issued before is refused for good. */
    markSet: (target: string, before: number, at: number): void => void marked.push({ target, before, at }),
    /** The cause for which it must be refused by whoever asks from now on; `ttl` in milliseconds. */
    refusal: (held: Held, now: number, ttl: number): Cause | undefined => {
      const isRefused = (cause: Cause) => (refused.get(cause) ?? Infinity) + ttl <= now
      const [cause] = held.causes.filter(isRefused)
      if (cause) return cause
      if (held.ways?.every((way) => way.some(isRefused))) return 'every way is closed'
      const set = marked.find((one) => one.at + ttl <= now && isOf(held, one))
      return set && `issued before ${set.before}, of ${set.target}`
    },
    isDoubted: (held: Held): boolean =>
      held.causes.some((cause) => doubted.has(cause)) ||
      asked.some(
        (set) => isOf(held, set) || (held.anyApi && /^api_/.test(set.target) && isEarlier(held, set)),
      ),
  }
}

export type Oracle = ReturnType<typeof createOracle>

/** Whatever is presented there. */
const causesAt = (slot: number, route: string): readonly Cause[] => [
  `undeployed ${slot}`,
  `unpublished ${slot} ${route}`,
  ...lockdownsAt(slot),
]

export const heldOf = (token: KnownToken, route: string): Held => ({
  causes: [
    `revoked ${token.id}`,
    `disabled ${token.id}`,
    `superseded ${token.id}`,
    `suspended ${token.consumerId}`,
    `given up ${token.kid}`,
    `closed ${token.apiId}`,
    ...causesAt(token.slot, route),
  ],
  targets: ['everybody', token.consumerId, token.apiId, token.kid],
  issuedAt: token.issuedAt,
})

export const ownHeldOf = (consumerId: string, token: OwnToken, slot: number, route: string): Held => ({
  causes: [
    `refused ${consumerId} ${token.name}`,
    `suspended ${consumerId}`,
    `rotated ${token.kid}`,
    `ungranted ${consumerId} ${slot} ${route}`,
    ...causesAt(slot, route),
  ],
  targets: ['everybody', consumerId],
  issuedAt: token.issuedAt,
})

export const sessionHeldOf = (session: KnownSession, slot: number, route: string): Held => ({
  causes: [`ended ${session.id}`, `given up ${session.kid}`, ...causesAt(slot, route)],
  ways: GROUPS.map((group) => [`left ${session.person} ${group}`, `unruled ${slot} ${group} ${route}`]),
  targets: ['everybody', subjectOf(session.person), session.kid],
  anyApi: true,
  issuedAt: session.issuedAt,
})
