import * as z from 'zod'
import { Instant, idOf, RouteSchema, Slug } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

/** What a token opens: routes of one API in one environment. `routes` are the registered templates. */
export const GrantSchema = z.object({
  apiId: idOf('api'),
  api: Slug,
  environment: Slug,
  routes: z.array(RouteSchema).min(1),
  /** The plan that counts what the token's consumer asks of this API in this environment. */
  usagePlan: z.object({ planId: idOf('usage-plan'), name: Slug }).optional(),
})

const Requested = {
  tokenId: idOf('token'),
  consumerId: idOf('consumer'),
  consumer: z.string().min(1),
  grants: z.array(GrantSchema).min(1),
  expiresAt: Instant,
  reason: z.string().optional(),
}

export const REVOCATION_REASONS = ['compromised', 'superseded', 'requested'] as const

export const TokenRequested = defineEvent(
  'token.requested',
  1,
  'A token was asked for in an environment whose tokens need the approval of somebody else.',
  () => z.object({ ...Requested, requestedBy: z.string().min(1) }),
)

export const TokenApproved = defineEvent(
  'token.approved',
  1,
  'Somebody other than the requester approved the token; the requester may now collect it, once.',
  () => z.object({ tokenId: idOf('token'), approvedBy: z.string().min(1) }),
)

export const TokenRejected = defineEvent(
  'token.rejected',
  1,
  'The request for a token was turned down, or its approval taken back; it will never be issued.',
  () => z.object({ tokenId: idOf('token'), rejectedBy: z.string().min(1), note: z.string().optional() }),
)

export const TokenIssued = defineEvent(
  'token.issued',
  1,
  'A token exists and opens the granted routes. The signed token itself is shown once and is in no event.',
  () =>
    z.object({
      ...Requested,
      kid: idOf('key'),
      issuedAt: Instant,
      /** The token whose place it takes. */
      rerolledFrom: idOf('token').optional(),
      /** Who asked for the first token of its line, who agreed to it, and how long that holds for its successors. */
      approval: z
        .object({ requestedBy: z.string().min(1), approvedBy: z.string().min(1), until: Instant })
        .optional(),
    }),
)

export const TokenCollected = defineEvent(
  'token.collected',
  1,
  'The requester took an approved token; it cannot be taken again.',
  () => z.object({ tokenId: idOf('token'), collectedBy: z.string().min(1) }),
)

export const TokenRerolled = defineEvent(
  'token.rerolled',
  1,
  'A token got a successor that opens the same, and is itself refused from `until` on.',
  () =>
    z.object({
      tokenId: idOf('token'),
      expiresAt: Instant,
      successorId: idOf('token'),
      rerolledAt: Instant,
      until: Instant,
    }),
)

/** Days before its end at which the holder of a token is reminded. */
export const REMINDER_DAYS = [30, 7, 1] as const

export const TokenExpiring = defineEvent(
  'token.expiring',
  1,
  'A token ends in so many days or less, and nobody has asked for its successor yet.',
  () =>
    z.object({
      tokenId: idOf('token'),
      consumerId: idOf('consumer'),
      consumer: z.string().min(1),
      expiresAt: Instant,
      days: z.literal(REMINDER_DAYS),
    }),
)

export const TokenDisabled = defineEvent(
  'token.disabled',
  1,
  'A token is refused until it is enabled again.',
  () =>
    z.object({
      tokenId: idOf('token'),
      expiresAt: Instant,
      disabledAt: Instant,
      note: z.string().optional(),
    }),
)

export const TokenEnabled = defineEvent('token.enabled', 1, 'A disabled token is accepted again.', () =>
  z.object({ tokenId: idOf('token'), expiresAt: Instant, enabledAt: Instant }),
)

export const TokenRevoked = defineEvent('token.revoked', 1, 'A token is refused for good.', () =>
  z.object({
    tokenId: idOf('token'),
    expiresAt: Instant,
    revokedAt: Instant,
    reason: z.enum(REVOCATION_REASONS),
    note: z.string().optional(),
  }),
)
