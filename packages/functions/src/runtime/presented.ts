import type { Claims } from '@countersign/core/access'
import * as Access from '@countersign/core/access/module'
import { Redacted } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import { readKeyRing } from './mint.ts'
import type { Services } from './services.ts'

/** The claims of a token that the platform signed and that is not over; undefined for everything else. */
export const readPresented = async (
  services: Pick<Services, 'keyRing' | 'settings'>,
  token: string,
  now: Date,
): Promise<Claims | undefined> => {
  const verified = SigningKey.createVerifier(await readKeyRing(services))(new Redacted(token))
  if (!verified.ok) return undefined
  const claims = Access.readClaims(verified.value.kid, verified.value.payload, services.settings.issuer, now)
  return claims.ok ? claims.value : undefined
}
