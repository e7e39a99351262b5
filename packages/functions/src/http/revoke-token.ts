import { REVOCATION_REASONS } from '@countersign/core/events'
import { Line } from '@countersign/core/schema'
import * as Token from '@countersign/core/token/module'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { enforcedBy } from '../runtime/enforcement.ts'
import { httpHandler } from '../runtime/http.ts'
import { TokenPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { tokenCommand } from '../runtime/token-command.ts'
import { tokenView } from '../runtime/views.ts'

const Body = z.strictObject({ reason: z.enum(REVOCATION_REASONS), note: Line.optional() })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: TokenPath }, services, (request) =>
    tokenCommand(
      services,
      request,
      (token, cause) => Token.revoke(token, request.body, cause),
      async (token) => ({
        ...tokenView(token, request.cause.now),
        enforcedBy: await enforcedBy(services.ledger, token),
      }),
    ),
  )

export const handler = lambda(make, { ledger })
