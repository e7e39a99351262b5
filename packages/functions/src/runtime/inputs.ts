import { idOf, Line, Slug } from '@countersign/core/schema'
import { z } from 'zod'

/** Parts of requests that several routes share. */
export const TokenPath = z.object({ id: idOf('token') })
export const ConsumerPath = z.object({ id: idOf('consumer') })
export const ApiPath = z.object({ name: Slug })
export const UsagePlanPath = z.object({ name: Slug })
export const ApiKeyPath = z.object({ id: idOf('api-key') })
export const Noted = z.strictObject({ note: Line.optional() })
