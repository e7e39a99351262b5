import { idOf, Line, Slug } from '@countersign/core/schema'
import * as z from 'zod'

/** Parts of requests that several routes share. */
export const TokenPath = z.object({ id: idOf('token') })
export const ConsumerPath = z.object({ id: idOf('consumer') })
export const ApiPath = z.object({ name: Slug })
export const UsagePlanPath = z.object({ name: Slug })
export const ApiKeyPath = z.object({ id: idOf('api-key') })
export const DayPath = z.object({ day: z.iso.date() })
export const WebhookPath = z.object({ id: idOf('webhook') })
export const Noted = z.strictObject({ note: Line.optional() })

/** A grant says more in its event than in the body, and an event on the bus has 256 KiB at most. */
const LARGEST_GRANTS_BYTES = 131_072

export const Grants = (fewest: number) =>
  z
    .array(
      z.strictObject({
        api: Slug,
        environment: Slug,
        routes: z.array(z.string().min(1).max(1_100)).min(1).max(200),
        usagePlan: Slug.optional(),
      }),
    )
    .min(fewest)
    .max(20)
    .refine((grants) => Buffer.byteLength(JSON.stringify(grants)) <= LARGEST_GRANTS_BYTES, {
      error: `all grants together are at most ${LARGEST_GRANTS_BYTES} bytes`,
    })
