import { GroupId, Slug } from '@countersign/core/schema'
import * as z from 'zod'
import { changeAccessRules } from '../runtime/access-rules.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import { withOthersApi } from '../runtime/registration.ts'
import type { Services } from '../runtime/services.ts'

/** All rules of an environment are one event, and one on the bus has 256 KiB at most. */
const LARGEST_RULES_BYTES = 131_072

const Body = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        group: GroupId,
        routes: z.array(z.string().min(1).max(1_100)).min(1).max(200),
      }),
    )
    .max(200)
    .refine((rules) => Buffer.byteLength(JSON.stringify(rules)) <= LARGEST_RULES_BYTES, {
      error: `all rules together are at most ${LARGEST_RULES_BYTES} bytes`,
    }),
})

const Path = ApiPath.extend({ environment: Slug })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: Path }, services, (request) =>
    withOthersApi(services, request.path.name, () =>
      changeAccessRules(services, request, request.path, request.body.rules),
    ),
  )

export const handler = lambda(make, { ledger })
