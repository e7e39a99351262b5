import * as Consumer from '@countersign/core/consumer/module'
import { err, ok } from '@countersign/core/shared'
import * as Token from '@countersign/core/token/module'
import * as z from 'zod'
import { ledger } from '../runtime/connectors/ledger.ts'
import { consumerCommand } from '../runtime/consumer-command.ts'
import { httpHandler } from '../runtime/http.ts'
import { ConsumerPath, Grants } from '../runtime/inputs.ts'
import { compileGrants } from '../runtime/issuing.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

/** An empty list closes everything. */
const Body = z.strictObject({ grants: Grants(0) })

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: ConsumerPath }, services, (request) =>
    consumerCommand(services, request, async (consumer, cause) => {
      const grants = await compileGrants(services.ledger, request.body.grants)
      if (!grants.ok) return grants
      const waits = Token.needsApproval(grants.value)
      const facts = Consumer.changeGrants(consumer, grants.value, waits, cause)
      return facts.ok ? ok(facts.value) : err({ reason: facts.error })
    }),
  )

export const handler = lambda(make, { ledger })
