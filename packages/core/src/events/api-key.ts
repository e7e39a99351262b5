import * as z from 'zod'
import { Digest, Instant, idOf, Line, Slug } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

/** A plan that a key is in: the API and the environment that the key opens. */
export const KeyPlanSchema = z.object({
  planId: idOf('usage-plan'),
  name: Slug,
  apiId: idOf('api'),
  api: Slug,
  environment: Slug,
})

export const ApiKeyCreated = defineEvent(
  'api-key.created',
  1,
  'An API key exists and opens the API key routes of its plans. The key itself is shown once and is in no event.',
  () =>
    z.object({
      apiKeyId: idOf('api-key'),
      consumerId: idOf('consumer'),
      consumer: z.string().min(1),
      name: Line.optional(),
      plans: z.array(KeyPlanSchema).min(1),
      digest: Digest,
      createdAt: Instant,
    }),
)

export const ApiKeyRotated = defineEvent(
  'api-key.rotated',
  1,
  'An API key has a new value; the one before it works until `previousUntil`.',
  () =>
    z.object({
      apiKeyId: idOf('api-key'),
      /** 1 for the value a key was created with, then one more each. */
      generation: z.int().min(2),
      digest: Digest,
      rotatedAt: Instant,
      previousUntil: Instant,
    }),
)

export const ApiKeyRetired = defineEvent(
  'api-key.retired',
  1,
  'The value that an API key had before its rotation works no more: its time was over.',
  () => z.object({ apiKeyId: idOf('api-key'), generation: z.int().min(1), retiredAt: Instant }),
)

export const ApiKeyDisabled = defineEvent(
  'api-key.disabled',
  1,
  'An API key opens nothing any more, in any of its values, for good.',
  () => z.object({ apiKeyId: idOf('api-key'), disabledAt: Instant, note: z.string().optional() }),
)
