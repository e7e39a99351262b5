import { err, ok } from '@countersign/core/shared'
import * as z from 'zod'
import { pipeline } from '../runtime/connectors/pipeline.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

const Path = z.object({ subscription: z.string().min(1).max(64) })

/** Moving dead letters twice moves nothing the second time, so no record of the `Idempotency-Key` is needed. */
export const make = (services: Pick<Services, 'pipeline' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: Path }, services, async ({ path: { subscription } }) => {
    const redriven = await services.pipeline.redrive(subscription)
    if (redriven === undefined) return err({ reason: 'subscription_not_found' })
    return ok({ status: 200, body: { subscription, redriven } })
  })

export const handler = lambda(make, { pipeline })
