import { createHash } from 'node:crypto'
import type { EventType, FactOf } from '../events/catalog.ts'
import { fact } from '../events/fact.ts'
import { instantOf } from '../shared/duration.ts'
import type { KeyRing } from './ring.ts'

/** The keys that seal have one log in the ledger, apart from the ring's; its id is always this. */
export const SEAL_KEYS_ID = 'seal-keys'

type SealKeyEvent = Extract<EventType, `seal-key.${string}`>
export type SealKeyFact = FactOf<SealKeyEvent>

/** Which keys the log has told of. */
export interface SealKeyLog {
  readonly kids: readonly string[]
}

export const NO_SEAL_KEYS: SealKeyLog = { kids: [] }

/** Whoever runs first says them; also how an event comes after all when a rotation died between the keys and their log. */
export const unsaidSealKeys = (log: SealKeyLog, ring: KeyRing): readonly SealKeyFact[] =>
  ring.keys.flatMap((key) =>
    key.algorithm === 'HS512' || log.kids.includes(key.kid)
      ? []
      : [
          fact('seal-key.created', {
            ...{ kid: key.kid, algorithm: key.algorithm, digest: digestOfPublicKey(key.publicKey) },
            ...{ createdAt: instantOf(key.createdAt), signsFrom: instantOf(key.signsFrom) },
          }),
        ],
  )

/** Of the bytes that `x` of the published key stands for. */
const digestOfPublicKey = (publicKey: string): string =>
  `sha-256:${createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('base64url')}`

export const evolveSealKeys = (log: SealKeyLog, { type, data }: SealKeyFact): SealKeyLog =>
  type === 'seal-key.created' ? { kids: [...log.kids, data.kid] } : log
