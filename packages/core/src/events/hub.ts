import * as z from 'zod'
import { CoordinatesSchema, Line, Slug } from '../shared/schema.ts'
import { CacheTtl } from './api.ts'

/** The `source` of what the API Hub says on the same bus. */
export const HUB_SOURCE = 'api-hub'

const Published = z.strictObject({
  /** The publisher's own id for this publication; it comes back in `api.registration-rejected`. */
  publicationId: z.string().min(1).max(128),
  name: Slug,
  owner: Line,
  description: z.string().max(2_000).optional(),
  /** The OpenAPI document, as an object or as JSON or YAML text. */
  openapi: z.union([z.record(z.string(), z.unknown()), z.string().min(1)]),
  authorization: z.string().optional(),
  deployments: z
    .array(CoordinatesSchema.extend({ environment: Slug, authorizerCacheTtlSeconds: CacheTtl.optional() }))
    .default([]),
})

const Withdrawn = z.strictObject({ publicationId: z.string().min(1).max(128), name: Slug })

/** What the API Hub publishes; everything else on the bus from that source is not ours to read. */
export const hubEvents = {
  'api-hub.api-published': Published,
  'api-hub.api-withdrawn': Withdrawn,
} as const

export type HubEventType = keyof typeof hubEvents
export type HubEventData<T extends HubEventType> = z.output<(typeof hubEvents)[T]>
