import * as z from 'zod'
import { idOf, RouteSchema, Slug } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

export const QUOTA_PERIODS = ['day', 'week', 'month'] as const

/** Requests in one period of the calendar in UTC; a week begins on Sunday, as API Gateway has it. */
export const QuotaSchema = z.strictObject({
  limit: z.int().min(1).max(2_147_483_647),
  period: z.enum(QUOTA_PERIODS),
})

/** API Gateway's own account limit in most regions; a plan above it would promise what nobody keeps. */
const HIGHEST_RATE = 10_000

/** A token bucket: `rateLimit` requests a second in the long run, `burstLimit` at once. */
export const ThrottleSchema = z.strictObject({
  rateLimit: z.number().positive().max(HIGHEST_RATE),
  burstLimit: z.int().min(1).max(2_147_483_647),
})

export const MethodThrottleSchema = ThrottleSchema.extend(RouteSchema.shape)

export const UsagePlanChanged = defineEvent(
  'usage-plan.changed',
  1,
  'A usage plan exists, or what it allows has changed: so much of one API in one environment, for each of its members.',
  () =>
    z.object({
      planId: idOf('usage-plan'),
      name: Slug,
      description: z.string().optional(),
      apiId: idOf('api'),
      api: Slug,
      environment: Slug,
      quota: QuotaSchema.optional(),
      throttle: ThrottleSchema.optional(),
      /** In place of `throttle`, for single routes; the registered templates. */
      methods: z.array(MethodThrottleSchema),
    }),
)
