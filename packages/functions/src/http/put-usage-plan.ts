import { QuotaSchema, ThrottleSchema } from '@countersign/core/events'
import { Slug } from '@countersign/core/schema'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { UsagePlanPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { putUsagePlan } from '../runtime/planning.ts'
import type { Services } from '../runtime/services.ts'

const Body = z.strictObject({
  api: Slug,
  environment: Slug,
  description: z.string().max(200).optional(),
  quota: QuotaSchema.optional(),
  throttle: ThrottleSchema.optional(),
  methods: z
    .array(ThrottleSchema.extend({ route: z.string().min(1).max(1_100) }))
    .max(200)
    .default([]),
})

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: UsagePlanPath }, services, (request) =>
    putUsagePlan(services, request, { ...request.body, name: request.path.name }),
  )

export const handler = lambda(make, { ledger })
