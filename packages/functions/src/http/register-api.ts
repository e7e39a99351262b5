import { Line } from '@countersign/core/schema'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { publishApi } from '../runtime/publishing.ts'
import type { Services } from '../runtime/services.ts'

const Body = z.strictObject({
  owner: Line,
  description: z.string().max(2_000).optional(),
  openapi: z.union([z.record(z.string(), z.unknown()), z.string().min(1)], {
    error: 'an OpenAPI document, as an object or as JSON or YAML text',
  }),
  authorization: z.union([z.string(), z.array(z.string())]).optional(),
})

/** OpenAPI documents are larger than other bodies; Lambda takes 6 MB in all. */
const LARGEST_DOCUMENT_BYTES = 4_194_304

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: ApiPath, largestBodyBytes: LARGEST_DOCUMENT_BYTES }, services, (request) =>
    publishApi(services, request, {
      ...request.body,
      name: request.path.name,
      publishedAt: request.cause.now.toISOString(),
    }),
  )

export const handler = lambda(make, { ledger })
