import * as z from 'zod'
import { Instant, idOf, Slug } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

/** Where: everywhere, or at one API, in one environment, or at one API in one environment. */
const scope = { apiId: idOf('api').optional(), environment: Slug.optional() }

export const LockdownBegun = defineEvent(
  'lockdown.begun',
  1,
  'Nobody is let in any more: everywhere, or at an API, in an environment, or at both. The APIs that are spared go on.',
  () => z.object({ ...scope, spares: z.array(idOf('api')), because: z.string(), begunAt: Instant }),
)

export const LockdownEnded = defineEvent(
  'lockdown.ended',
  1,
  'Whoever was let in before the lockdown is let in again.',
  () => z.object({ ...scope, because: z.string(), endedAt: Instant }),
)
