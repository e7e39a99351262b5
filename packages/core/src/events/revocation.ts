import * as z from 'zod'
import { Instant, idOf } from '../shared/schema.ts'
import { defineEvent } from './define.ts'
import { REVOCATION_REASONS } from './token.ts'

/** Whose tokens: everybody's, or those of one signing key, consumer or API. */
const Target = z.union([z.literal('everybody'), idOf('key'), idOf('consumer'), idOf('api')])

export const RevocationBegun = defineEvent(
  'revocation.begun',
  1,
  'Every token of a set that was issued before an instant is refused; each of them is then revoked by itself.',
  () =>
    z.object({
      target: Target,
      /** Whole seconds, as tokens count. */
      issuedBefore: Instant,
      revokedAt: Instant,
      reason: z.enum(REVOCATION_REASONS),
      note: z.string().optional(),
    }),
)

export const RevocationCompleted = defineEvent(
  'revocation.completed',
  1,
  'Every token of a revoked set is revoked by itself or over, so the fence need not name the set any more.',
  () => z.object({ target: Target, completedAt: Instant }),
)
