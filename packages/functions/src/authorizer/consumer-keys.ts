import * as Access from '@countersign/core/access/module'
import { err, type Id, type Redacted } from '@countersign/core/shared'
import type { KeyRing, Verifier } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import type { AuthorizerServices } from './deciding.ts'
import { noting } from './failure.ts'

/** Consumers whose keys a warm authorizer keeps; the one that came first makes room. */
const CONSUMERS_KEPT = 1_000

/** After a look that did not find an accepted key, the next one waits for so long. */
const PENALTY_MILLISECONDS = 10_000

interface Kept {
  readonly kids: ReadonlySet<string>
  readonly verify: Verifier
  /** When an accepted key was looked for and was not there. */
  readonly missedAt: number | undefined
}

/**
 * Verifies with the keys of consumers. A key never changes, and the read model says with every request whether it is
 * still accepted, so what was read once is kept. For a key that is not known the read model is asked first: strangers
 * with invented kids never reach the store of secrets.
 */
export const consumerVerifier = ({
  consumerKeyRings,
  accessRows,
}: Pick<AuthorizerServices, 'consumerKeyRings' | 'accessRows'>) => {
  const kept = new Map<string, Kept>()

  const isAccepted = async (consumerId: Id<'consumer'>, kid: string): Promise<boolean> => {
    const key = Access.consumerRowKey(consumerId)
    const row = (await accessRows.read([key])).get(key)
    return Access.consumerKeysOf(row)?.accepted.some((accepted) => accepted.kid === kid) ?? false
  }

  const ringOf = async (consumerId: Id<'consumer'>): Promise<KeyRing> => {
    const current = await consumerKeyRings(consumerId).current()
    return current ? SigningKey.readRing(current.text) : SigningKey.EMPTY_RING
  }

  const read = async (consumerId: Id<'consumer'>, kid: string, now: number): Promise<Kept> => {
    const ring = await noting('key_ring_unavailable', ringOf(consumerId))
    const keys = ring.keys.map((key) => ({ ...key, kid: SigningKey.consumerKid(consumerId, key.kid) }))
    const verify = SigningKey.createVerifier({ keys })
    const kids: ReadonlySet<string> = new Set(keys.map((key) => key.kid))
    const found: Kept = { kids, verify, missedAt: kids.has(kid) ? undefined : now }
    const [oldest] = kept.keys()
    if (oldest !== undefined && kept.size >= CONSUMERS_KEPT) kept.delete(oldest)
    kept.set(consumerId, found)
    return found
  }

  return async (
    token: Redacted<string>,
    consumerId: Id<'consumer'>,
    kid: string,
    at: Date,
  ): Promise<ReturnType<Verifier>> => {
    const known = kept.get(consumerId)
    if (known?.kids.has(kid)) return known.verify(token)
    const now = at.getTime()
    if (now - (known?.missedAt ?? -Infinity) < PENALTY_MILLISECONDS) return err('kid_unknown')
    if (!(await isAccepted(consumerId, kid))) return err('kid_unknown')
    return (await read(consumerId, kid, now)).verify(token)
  }
}
