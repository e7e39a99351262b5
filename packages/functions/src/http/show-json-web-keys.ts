import { ok } from '@countersign/core/shared'
import { SigningKey } from '@countersign/core/signing-key'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { readKeyRing } from '../runtime/mint.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'keyRing' | 'newId' | 'clock' | 'log' | 'settings'>

/** Read again at most so often: the route is open, and strangers must not make us ask. */
const KEPT_MILLISECONDS = 10_000

/**
 * The public halves of the ring (RFC 7517 §5). A key signs two refresh intervals after it is in the ring; what was read
 * here and what others keep of it is never older than those.
 */
export const make = (services: Needs) => {
  let known: { readonly ring: ReturnType<typeof readKeyRing>; readonly readAt: number } | undefined

  const ringAt = (now: number): ReturnType<typeof readKeyRing> => {
    const kept = Math.min(KEPT_MILLISECONDS, services.settings.ringRefreshSeconds * 500)
    if (known && Math.abs(now - known.readAt) < kept) return known.ring
    const ring = readKeyRing(services)
    known = { ring, readAt: now }
    ring.catch(() => {
      known = undefined // a failed read is never kept
    })
    return ring
  }

  return httpHandler({}, services, async ({ cause: { now } }) =>
    ok({
      status: 200,
      body: SigningKey.jwkSet(await ringAt(now.getTime()), now),
      mediaType: 'application/jwk-set+json',
      maxAgeSeconds: services.settings.ringRefreshSeconds,
    }),
  )
}

export const handler = lambda(make)
