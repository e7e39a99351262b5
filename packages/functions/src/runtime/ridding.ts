import type { Cause } from '@countersign/core/events'
import { loadKeyLog } from './entities.ts'
import { readKeyRing } from './mint.ts'
import { type RotationServices, rotateNow } from './rotating.ts'
import { riddingIdOf } from './rotation-id.ts'

/**
 * Takes keys out of the ring that were given up and are still in it: the command fenced them, and died before it had
 * rotated. Until then every token that such a key signs is refused, so nothing could be issued, nor the command repeated
 * with a credential of that key.
 */
export const ridOfCompromised = async (services: RotationServices, cause: Cause): Promise<void> => {
  const log = (await loadKeyLog(services.ledger)).state
  const { keys } = await readKeyRing(services)
  for (const { kid } of keys) {
    if (!log?.keys[kid]?.compromised) continue
    const rotated = await rotateNow(services, riddingIdOf(kid), cause, { compromised: kid })
    if (!rotated.ok && rotated.error.reason !== 'rotation_superseded')
      throw new Error(`the key ${kid} was given up and could not be rotated away: ${rotated.error.reason}`)
  }
}
