import { epochSeconds, err, ok, type Result } from '@countersign/core/shared'
import { type KeyRing, SigningKey } from '@countersign/core/signing-key'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

/** Ed25519 whatever tokens are signed with: everybody verifies it, and nobody can sign a token with it. */
const ALGORITHM = 'EdDSA'

/** Always the same, so that of two who make the first key at once one finds the other's. */
const FIRST_VERSION = '00000000-0000-4000-8000-000000000001'

type Reading = Pick<Services, 'sealKeys'>

/** Every seal key there ever was: a seal is read years later. */
export const readSealKeys = async ({ sealKeys }: Reading): Promise<KeyRing> => {
  const current = await sealKeys.current()
  return current ? SigningKey.readRing(current.text) : SigningKey.EMPTY_RING
}

/** Makes the first key; what is there already stays. */
export const ensureSealKey = async (
  services: Reading & Pick<Services, 'newId' | 'randomBytes' | 'settings' | 'clock'>,
): Promise<void> => {
  const { sealKeys, newId, randomBytes, settings, clock } = services
  if (await sealKeys.current()) return
  const material = await SigningKey.newKeyMaterial(ALGORITHM, randomBytes)
  const timing = { now: clock(), refreshSeconds: settings.ringRefreshSeconds }
  const ring = SigningKey.withNewKey(SigningKey.EMPTY_RING, { kid: newId('key'), ...material }, timing)
  await sealKeys.stage(FIRST_VERSION, SigningKey.writeRing(ring))
  await sealKeys.promote(FIRST_VERSION, undefined)
}

/** The key that signs now: not before everybody who keeps the published keys has had an occasion to see it. */
export const currentSealKey = async (
  services: Reading & Pick<Services, 'settings'>,
  now: Date,
): Promise<Result<SigningKey.SigningKey, Refusal>> => {
  const key = SigningKey.signingKey(await readSealKeys(services), now)
  const isKnown = key && epochSeconds(now) >= key.createdAt + services.settings.ringRefreshSeconds
  return isKnown ? ok(key) : err({ reason: 'seal_key_unready' })
}
