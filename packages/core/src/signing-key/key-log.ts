import type { EventType, FactOf } from '../events/catalog.ts'
import { fact } from '../events/fact.ts'
import { epochSeconds, instantOf } from '../shared/duration.ts'
import { LONGEST_TOKEN_SECONDS } from '../shared/environment.ts'
import type { Id } from '../shared/id.ts'
import { type KeyRing, signingKey } from './ring.ts'

/** The ring has one log in the ledger; its id is always this. */
export const KEY_RING_ID = 'key-ring'

type KeyEvent = Extract<EventType, `signing-key.${string}` | 'key-ring.rotation-failed'>

/** What the log says of every key: since when it is known, whether it has signed, is gone, was given up. */
export interface KeyLog {
  readonly keys: Readonly<Record<string, KnownKey>>
}

export interface KnownKey {
  /** NumericDate. */
  readonly createdAt?: number
  readonly activated: boolean
  readonly retired: boolean
  readonly compromised: boolean
}

export const NO_KEYS: KeyLog = { keys: {} }

/**
 * The facts that the ring's times imply and the log does not have yet. Whoever runs first says them; said once, they are
 * not said again. This is also how an event comes after all when a rotation died between the ring and the log.
 */
export const unsaidFacts = (log: KeyLog, ring: KeyRing, now: Date): readonly FactOf<KeyEvent>[] => {
  const signing = signingKey(ring, now)
  const created = ring.keys
    .filter(({ kid }) => !log.keys[kid])
    .map(({ kid, algorithm, createdAt, signsFrom }) =>
      fact('signing-key.created', {
        kid,
        algorithm,
        createdAt: instantOf(createdAt),
        signsFrom: instantOf(signsFrom),
      }),
    )
  const activated =
    signing && !log.keys[signing.kid]?.activated
      ? [
          fact('signing-key.activated', {
            kid: signing.kid,
            activatedAt: instantOf(signing.signsFrom),
          }),
        ]
      : []
  const retired = Object.entries(log.keys)
    .filter(([kid, known]) => mayBeGone(known, now) && !ring.keys.some((key) => key.kid === kid))
    .map(([kid]) =>
      fact('signing-key.retired', { kid: kid as Id<'key'>, retiredAt: instantOf(epochSeconds(now)) }),
    )
  return [...created, ...activated, ...retired]
}

/** A key cannot leave the ring sooner; a ring that lacks a younger one was read before the key was in it. */
const mayBeGone = ({ createdAt = 0, retired, compromised }: KnownKey, now: Date): boolean =>
  !retired && (compromised || createdAt + LONGEST_TOKEN_SECONDS <= epochSeconds(now))

export const evolve = (log: KeyLog, { type, data }: FactOf<KeyEvent>): KeyLog => {
  const change = (kid: string, part: Partial<KeyLog['keys'][string]>): KeyLog => {
    const known = log.keys[kid] ?? { activated: false, retired: false, compromised: false }
    return { keys: { ...log.keys, [kid]: { ...known, ...part } } }
  }
  switch (type) {
    case 'signing-key.created':
      return change(data.kid, { createdAt: epochSeconds(new Date(data.createdAt)) })
    case 'signing-key.activated':
      return change(data.kid, { activated: true })
    case 'signing-key.retired':
      return change(data.kid, { retired: true })
    case 'signing-key.compromised':
      return change(data.kid, { compromised: true })
    case 'key-ring.rotation-failed':
      return log
  }
}
