import * as z from 'zod'
import { ALGORITHMS } from '../shared/algorithm.ts'
import { Instant, idOf } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

export const SigningKeyCreated = defineEvent(
  'signing-key.created',
  1,
  'A key is in the ring: it verifies now and signs from `signsFrom`.',
  () =>
    z.object({
      kid: idOf('key'),
      algorithm: z.enum(ALGORITHMS),
      createdAt: Instant,
      signsFrom: Instant,
    }),
)

export const SigningKeyActivated = defineEvent(
  'signing-key.activated',
  1,
  'A key began to sign; the one before it verifies until the last token it signed has expired.',
  () => z.object({ kid: idOf('key'), activatedAt: Instant }),
)

export const SigningKeyRetired = defineEvent(
  'signing-key.retired',
  1,
  'A key is gone from the ring: no token it signed can still be alive.',
  () => z.object({ kid: idOf('key'), retiredAt: Instant }),
)

export const SigningKeyCompromised = defineEvent(
  'signing-key.compromised',
  1,
  'Every token signed with this key is refused.',
  () => z.object({ kid: idOf('key'), compromisedAt: Instant, note: z.string().optional() }),
)

export const KeyRingRotationFailed = defineEvent(
  'key-ring.rotation-failed',
  1,
  'A rotation did not finish; the ring is as it was.',
  () => z.object({ rotationId: z.string(), step: z.string(), reason: z.string() }),
)
