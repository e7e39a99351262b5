import { createHash } from 'node:crypto'
import type { EventData, EventOf, FactOf } from '../events/catalog.ts'
import { fact } from '../events/fact.ts'
import { epochSeconds } from '../shared/duration.ts'
import type { Id } from '../shared/id.ts'
import { canonicalJson } from '../shared/json.ts'
import { digestBytes, namedDigest } from './digest.ts'
import { leafHash, rootOf } from './merkle.ts'

/** An event among those that a seal is over. */
export interface Leaf {
  readonly eventId: string
  readonly entity: string
  readonly version: number
  /** On which it happened, as it says. */
  readonly day: string
  /** Of its canonical JSON (RFC 8785), as a leaf of the tree: `sha-256:` and base64url. */
  readonly hash: string
}

/** The leaves of a day come in parts, because a day may be larger than an item of the ledger. */
export interface SealPart {
  readonly day: string
  readonly leaves: readonly Leaf[]
}

export type Seal = EventData<'audit.day-sealed'>
export type SealFact = FactOf<'audit.day-sealed'>
export type SealPartFact = FactOf<'audit.day-gathered'>

/** `typ` of a seal: nothing that takes tokens takes this. */
export const SEAL_TYPE = 'seal+jwt'

/** Leaves of one part; some 150 bytes each, and an item has 400 KB at most. */
export const LARGEST_PART = 1_024

/** So long after its end a day is sealed: clocks differ, and a command may still be on its way. */
export const SEALED_AFTER_SECONDS = 3_600

/** What comes later than its day's seal is still in the seal of one of so many days after it. */
export const LATE_DAYS = 3

const DAY_MILLISECONDS = 86_400_000

/** `2026-01-31` of an instant. */
export const dayOf = (instant: Date): string => instant.toISOString().slice(0, '2026-01-31'.length)

export const startOfDay = (day: string): Date => new Date(`${day}T00:00:00.000Z`)

export const dayAfter = (day: string, days = 1): string =>
  dayOf(new Date(startOfDay(day).getTime() + days * DAY_MILLISECONDS))

/** Whether a day is long enough over. */
export const isDue = (day: string, now: Date): boolean =>
  startOfDay(dayAfter(day)).getTime() + SEALED_AFTER_SECONDS * 1_000 <= now.getTime()

export const sealIdOf = (day: string): Id<'seal'> => `seal_${day.replaceAll('-', '')}`
export const partIdOf = (day: string, index: number): Id<'seal-part'> =>
  `sealpart_${day.replaceAll('-', '')}x${index}`

/** Any JSON that stands in the log has a hash. */
export const leafHashOf = (event: unknown): string => namedDigest(leafHash(Buffer.from(canonicalJson(event))))

export const leafOf = (event: EventOf): Leaf => ({
  eventId: event.id,
  entity: event.subject,
  version: event.entityversion,
  day: String(event.time).slice(0, '2026-01-31'.length),
  hash: leafHashOf(event),
})

/** In their order. */
export const rootOfLeaves = (leaves: readonly Pick<Leaf, 'hash'>[]): string =>
  namedDigest(rootOf(leaves.map(({ hash }) => digestBytes(hash))))

/** Of the seal before: its text, byte for byte. */
export const digestOfSeal = (seal: string): string => namedDigest(createHash('sha256').update(seal).digest())

export const gathered = (day: string, index: number, leaves: readonly Leaf[]): readonly SealPartFact[] => [
  fact('audit.day-gathered', {
    partId: partIdOf(day, index),
    ...{ day, index, events: leaves.length, root: rootOfLeaves(leaves) },
  }),
]

export interface Sealing {
  readonly day: string
  readonly leaves: readonly Leaf[]
  readonly parts: number
  /** The seal of the day before; undefined for the first. */
  readonly previous: Pick<Seal, 'seal'> | undefined
  readonly issuer: string
  readonly now: Date
}

/** What is signed. */
export const claimsOf = ({ day, leaves, previous, issuer, now }: Sealing) => ({
  iss: issuer,
  iat: epochSeconds(now),
  jti: sealIdOf(day),
  day,
  events: leaves.length,
  late: leaves.filter((leaf) => leaf.day < day).length,
  root: rootOfLeaves(leaves),
  previous: previous ? digestOfSeal(previous.seal) : '',
})

export const sealed = (sealing: Sealing, kid: Id<'key'>, seal: string): readonly SealFact[] => {
  const { day, events, late, root, previous } = claimsOf(sealing)
  const { parts, now } = sealing
  return [
    fact('audit.day-sealed', {
      sealId: sealIdOf(day),
      ...{ day, events, late, parts, root, previous, kid, seal },
      sealedAt: now.toISOString(),
    }),
  ]
}
