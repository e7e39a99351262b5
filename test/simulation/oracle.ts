import type { KnownCommand } from './commands.ts'

/** A token that somebody was handed. */
export interface KnownToken {
  readonly id: string
  readonly presented: string
  readonly kid: string
  readonly consumerId: string
  readonly apiId: string
  /** Which of the two gateways its API had when it was issued. */
  readonly slot: number
  readonly routes: readonly string[]
  /** NumericDates. */
  readonly issuedAt: number
  readonly expiresAt: number
}

export interface OwnSigner {
  readonly consumerId: string
  /** Keys that it was shown, newest last: JWK members. */
  readonly keys: { readonly kid: string; readonly k: string }[]
  /** Tokens that it signed itself. */
  readonly signed: OwnToken[]
}

export interface OwnToken {
  readonly name: string
  readonly presented: string
  readonly kid: string
}

/** Why something is refused; a name for it that commands and tokens share. */
export type Cause = string

/**
 * What the world outside knows: what it asked for, what it was told is done, and so what may still get in. It never looks
 * into the platform.
 */
export const createOracle = () => {
  /** When a refusal was acknowledged, and nobody has asked to take it back since. */
  const refused = new Map<Cause, number>()
  /** Somebody asked for it at some time: whether it holds cannot be told from outside. */
  const doubted = new Set<Cause>()
  const undoing = new Map<Cause, { underWay: number; endedAt: number }>()
  let ticks = 0
  const undoingOf = (cause: Cause) => {
    const known = undoing.get(cause) ?? { underWay: 0, endedAt: -1 }
    undoing.set(cause, known)
    return known
  }
  return {
    tokens: [] as KnownToken[],
    consumers: [] as string[],
    signers: [] as OwnSigner[],
    commands: [] as KnownCommand[],
    /** The acknowledged events that the log must hold, `type subject`, and how often at most. */
    said: new Map<string, 'once' | 'some'>(),
    begin: (refuses: readonly Cause[], undoes: readonly Cause[]): number => {
      for (const cause of refuses) doubted.add(cause)
      for (const cause of undoes) {
        refused.delete(cause)
        undoingOf(cause).underWay += 1
      }
      return ++ticks
    },
    end: (undoes: readonly Cause[]): void => {
      for (const cause of undoes) {
        undoingOf(cause).underWay -= 1
        undoingOf(cause).endedAt = ++ticks
      }
    },
    /** The refusal holds from now on, unless it was being taken back at the same time. */
    acknowledge: (refuses: readonly Cause[], begun: number, now: number): void => {
      for (const cause of refuses) {
        const { underWay, endedAt } = undoingOf(cause)
        if (underWay === 0 && endedAt < begun && !refused.has(cause)) refused.set(cause, now)
      }
    },
    /** The cause for which it must be refused by whoever asks from now on; `ttl` in milliseconds. */
    refusal: (causes: readonly Cause[], now: number, ttl: number): Cause | undefined =>
      causes.find((cause) => (refused.get(cause) ?? Infinity) + ttl <= now),
    isDoubted: (causes: readonly Cause[]): boolean => causes.some((cause) => doubted.has(cause)),
  }
}

export type Oracle = ReturnType<typeof createOracle>

export const causesOf = (token: KnownToken, route: string): readonly Cause[] => [
  `revoked ${token.id}`,
  `disabled ${token.id}`,
  `suspended ${token.consumerId}`,
  `given up ${token.kid}`,
  `closed ${token.apiId}`,
  `unpublished ${token.slot} ${route}`,
]

export const ownCausesOf = (consumerId: string, token: OwnToken, slot: number, route: string) => [
  `refused ${consumerId} ${token.name}`,
  `suspended ${consumerId}`,
  `rotated ${token.kid}`,
  `ungranted ${consumerId} ${slot} ${route}`,
  `unpublished ${slot} ${route}`,
]
