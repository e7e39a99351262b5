import type { Redacted } from '@countersign/core/shared'
import type { KeyRingReader, Verifier } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'

/** At most one look at the ring in this time because of a `kid` nobody knows: strangers must not make us ask. */
const PENALTY_MILLISECONDS = 10_000

/** A ring that could not be refreshed is used for so long: revoked keys stand in the fence, which every request reads. */
const STALE_MILLISECONDS = 900_000

interface Cached {
  readonly verify: Verifier
  readonly readAt: number
}

/**
 * Verifies with the ring as it was read last; reads it again when it is old, and once in a while for an unknown `kid`.
 * A failed read is never kept: the next request tries again.
 */
export const cachedVerifier = (keyRing: KeyRingReader, refreshSeconds: number) => {
  let cached: Cached | undefined
  let reading: Promise<Cached> | undefined
  let penaltyUntil = 0
  let lastLook: Promise<Cached> | undefined

  const read = (now: number): Promise<Cached> => {
    reading ??= keyRing
      .current()
      .then((current) => {
        if (!current) throw new Error('there is no key ring yet')
        cached = { verify: SigningKey.createVerifier(SigningKey.readRing(current.text)), readAt: now }
        return cached
      })
      .finally(() => {
        reading = undefined
      })
    return reading
  }

  const renewed = (known: Cached | undefined, now: number): Promise<Cached> =>
    read(now).catch((error: unknown) => {
      if (known && now - known.readAt < STALE_MILLISECONDS) return known
      throw error
    })

  const fresh = (now: number): Cached | Promise<Cached> =>
    cached && now - cached.readAt < refreshSeconds * 1_000 ? cached : renewed(cached, now)

  return async (token: Redacted<string>, at: Date): Promise<ReturnType<Verifier>> => {
    const now = at.getTime()
    const known = fresh(now)
    const ring = known instanceof Promise ? await known : known // nearly always there: not a turn is lost
    const verified = ring.verify(token)
    if (verified.ok || verified.error !== 'kid_unknown' || isConsumers(token)) return verified
    if (ring.readAt === now) return verified
    if (now >= penaltyUntil) {
      penaltyUntil = now + PENALTY_MILLISECONDS
      lastLook = read(now)
    }
    // A look that failed has not shown that nobody knows the key: until the next one, that is no answer but a failure.
    const looked = await lastLook
    return looked ? looked.verify(token) : verified
  }
}

/** A consumer's own key is in another ring; looking for it in this one again finds nothing. */
const isConsumers = (token: Redacted<string>): boolean =>
  SigningKey.consumerOfKid(SigningKey.kidOf(token) ?? '') !== undefined
