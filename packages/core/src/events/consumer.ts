import * as z from 'zod'
import { Instant, idOf, Line } from '../shared/schema.ts'
import { defineEvent } from './define.ts'
import { GrantSchema, REVOCATION_REASONS } from './token.ts'

export const CONSUMER_TYPES = ['service', 'partner', 'person'] as const

export const ConsumerRegistered = defineEvent(
  'consumer.registered',
  1,
  'Somebody who will hold tokens was registered.',
  () =>
    z.object({
      consumerId: idOf('consumer'),
      name: Line,
      type: z.enum(CONSUMER_TYPES),
      owner: Line,
      /** Of a consumer that signs its own tokens: how long they live at most. */
      selfSigning: z.object({ longestTokenSeconds: z.int().min(1) }).optional(),
    }),
)

/** The id of a key that a consumer signs with: its own id, a dot, the key's. */
const ConsumerKid = z
  .string()
  .regex(/^con_[0-9a-z]+\.key_[0-9a-z]+$/, { error: 'not the id of a consumer\u2019s key' })

export const ConsumerGrantsRequested = defineEvent(
  'consumer.grants-requested',
  1,
  'Somebody wants the tokens that a consumer signs itself to open more; somebody else has to approve.',
  () =>
    z.object({ consumerId: idOf('consumer'), grants: z.array(GrantSchema), requestedBy: z.string().min(1) }),
)

export const ConsumerGrantsChanged = defineEvent(
  'consumer.grants-changed',
  1,
  'The tokens that a consumer signs itself open these routes from now on, and nothing else.',
  () =>
    z.object({
      consumerId: idOf('consumer'),
      consumer: Line,
      grants: z.array(GrantSchema),
      longestTokenSeconds: z.int().min(1),
      approvedBy: z.string().optional(),
    }),
)

export const ConsumerSecretRotated = defineEvent(
  'consumer.secret-rotated',
  1,
  'A consumer got a new key to sign with. The keys before it verify until `until`; the key itself is in no event.',
  () =>
    z.object({
      consumerId: idOf('consumer'),
      kid: ConsumerKid,
      rotatedAt: Instant,
      accepted: z.array(z.object({ kid: ConsumerKid, until: Instant.optional() })).min(1),
    }),
)

export const ConsumerTokensRevoked = defineEvent(
  'consumer.tokens-revoked',
  1,
  'A token that a consumer signed itself, or everything issued to it before an instant, is refused for good.',
  () =>
    z.object({
      consumerId: idOf('consumer'),
      revokedAt: Instant,
      reason: z.enum(REVOCATION_REASONS),
      note: z.string().optional(),
      /** Every token of its own that is refused and could still be alive. */
      refused: z.array(z.object({ tokenId: z.string().min(1), until: Instant })),
      /** Everything issued earlier is refused, by whomever it was signed. */
      issuedBefore: Instant.optional(),
    }),
)

export const ConsumerSuspended = defineEvent(
  'consumer.suspended',
  1,
  'Every token of the consumer is refused until the consumer is resumed.',
  () => z.object({ consumerId: idOf('consumer'), suspendedAt: Instant, note: z.string().optional() }),
)

export const ConsumerResumed = defineEvent(
  'consumer.resumed',
  1,
  'The tokens of a suspended consumer are accepted again.',
  () => z.object({ consumerId: idOf('consumer'), resumedAt: Instant }),
)
