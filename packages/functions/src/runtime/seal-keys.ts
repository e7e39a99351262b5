import type { Cause } from '@countersign/core/events'
import { epochSeconds, err, ok, type Result } from '@countersign/core/shared'
import type { KeyRing, RotationContext, SealKeyFact } from '@countersign/core/signing-key'
import * as SigningKey from '@countersign/core/signing-key/module'
import * as Signing from '@countersign/core/signing-key/signing'
import { change } from './command.ts'
import { sealKeyLogShape } from './entities.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

/** Ed25519 whatever tokens are signed with: everybody verifies it, and nobody can sign a token with it. */
const ALGORITHM = 'EdDSA'

/** Always the same, so that of two who make the first key at once one finds the other's. */
const FIRST_VERSION = '00000000-0000-4000-8000-000000000001'

type Reading = Pick<Services, 'sealKeys'>

export type SealKeyServices = Pick<
  Services,
  'ledger' | 'sealKeys' | 'newId' | 'randomBytes' | 'settings' | 'clock'
>

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
  const material = await Signing.newKeyMaterial(ALGORITHM, randomBytes)
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

/** As the ring of tokens rotates; but no key ever leaves, because its seals are verified years later. */
export const sealKeyRotation = (
  { sealKeys, newId, randomBytes, settings }: Omit<SealKeyServices, 'ledger' | 'clock'>,
  now: Date,
): RotationContext => ({
  ...{ store: sealKeys, newId, randomBytes, algorithm: ALGORITHM, now },
  refreshSeconds: settings.ringRefreshSeconds,
  isNeeded: () => true,
})

const ATTEMPTS = 10

/** Writes down every key that the log lacks, and the facts given; whoever is slower finds nothing left to say. */
export const recordSealKeys = async (
  services: Pick<SealKeyServices, 'ledger' | 'sealKeys' | 'newId'>,
  cause: Cause,
  more: readonly SealKeyFact[] = [],
): Promise<void> => {
  const { ledger, newId } = services
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const keys = await readSealKeys(services)
    const loaded = await ledger.load<SigningKey.SealKeyLog>(sealKeyLogShape.kind, SigningKey.SEAL_KEYS_ID)
    const unsaid = SigningKey.unsaidSealKeys(loaded.state ?? SigningKey.NO_SEAL_KEYS, keys)
    const facts = [...unsaid, ...more]
    if (facts.length === 0) return
    const { changes } = change(sealKeyLogShape, SigningKey.SEAL_KEYS_ID, loaded, facts, { cause, newId })
    if ((await ledger.commit({ entities: changes })).ok) return
  }
  throw new Error('the log of the seal keys changed under every attempt to write to it')
}
