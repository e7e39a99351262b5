import { ok } from '@countersign/core/shared'
import type { KeyRing } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import { keyRing, sealKeys } from '../runtime/connectors/key-rings.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { readKeyRing } from '../runtime/mint.ts'
import { readSealKeys } from '../runtime/seal-keys.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'keyRing' | 'sealKeys' | 'newId' | 'clock' | 'log' | 'settings'>

/** Read again at most so often: the route is open, and strangers must not make us ask. */
const KEPT_MILLISECONDS = 10_000

interface Rings {
  readonly tokens: KeyRing
  readonly seals: KeyRing
}

/**
 * The public halves of the ring, and of what seals the audit log (RFC 7517 §5). A key signs two refresh intervals after it
 * is in the ring; what was read here and what others keep of it is never older than those.
 */
export const make = (services: Needs) => {
  let known: { readonly rings: Promise<Rings>; readonly readAt: number } | undefined

  const ringsAt = (now: number): Promise<Rings> => {
    const kept = Math.min(KEPT_MILLISECONDS, services.settings.ringRefreshSeconds * 500)
    if (known && Math.abs(now - known.readAt) < kept) return known.rings
    const rings = readRings(services)
    known = { rings, readAt: now }
    rings.catch(() => {
      known = undefined // a failed read is never kept
    })
    return rings
  }

  return httpHandler({}, services, async ({ cause: { now } }) => {
    const { tokens, seals } = await ringsAt(now.getTime())
    // A seal is read years later: its key stays.
    const keys = [...SigningKey.jwkSet(tokens, now).keys, ...SigningKey.publicKeysOf(seals)]
    return ok({
      status: 200,
      body: { keys },
      mediaType: 'application/jwk-set+json',
      maxAgeSeconds: services.settings.ringRefreshSeconds,
    })
  })
}

const readRings = async (services: Needs): Promise<Rings> => {
  const [tokens, seals] = await Promise.all([readKeyRing(services), readSealKeys(services)])
  return { tokens, seals }
}

export const handler = lambda(make, { keyRing, sealKeys, settings })
