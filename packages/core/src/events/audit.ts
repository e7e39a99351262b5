import * as z from 'zod'
import { ALGORITHMS } from '../shared/algorithm.ts'
import { Digest, Instant, idOf } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

const Day = z.iso.date()
const Hash = z.string().regex(/^sha-256:[\w-]{43}$/)

export const AuditDayGathered = defineEvent(
  'audit.day-gathered',
  1,
  'Events of a day that is over were put in an order, for the seal to come.',
  () =>
    z.object({
      partId: idOf('seal-part'),
      day: Day,
      /** From 0; the parts of a day come one after the other. */
      index: z.int().min(0),
      events: z.int().min(1),
      /** Over these events alone. */
      root: Hash,
    }),
)

export const AuditDaySealed = defineEvent(
  'audit.day-sealed',
  1,
  'A day is sealed: whoever keeps this can show later what was in the log, and what was not.',
  () =>
    z.object({
      sealId: idOf('seal'),
      day: Day,
      events: z.int().min(0),
      /** Of them, how many happened on a day before, and came too late for its seal. */
      late: z.int().min(0),
      parts: z.int().min(0),
      /** Merkle root over the events (RFC 9162 §2.1.1). */
      root: Hash,
      /** Hash of the seal of the day before; empty for the first. */
      previous: z.union([z.literal(''), Hash]),
      kid: idOf('key'),
      /** The signed statement: a JWS of the type `seal+jwt`, that the published keys verify. It opens nothing. */
      seal: z.string().min(1),
      sealedAt: Instant,
    }),
)

export const SealKeyCreated = defineEvent(
  'seal-key.created',
  1,
  'A key that seals the audit log is published, for good; it signs from `signsFrom` until a later one does.',
  () =>
    z.object({
      kid: idOf('key'),
      algorithm: z.enum(ALGORITHMS),
      /** Of its public half: whoever keeps this knows the published key again. */
      digest: Digest,
      createdAt: Instant,
      signsFrom: Instant,
    }),
)

export const SealKeyRotationFailed = defineEvent(
  'seal-key.rotation-failed',
  1,
  'The key that seals the audit log was not rotated; the one before goes on.',
  () => z.object({ rotationId: z.string(), step: z.string(), reason: z.string() }),
)
