import { err, ok } from '@countersign/core/shared'
import { ledger } from '../runtime/connectors/ledger.ts'
import { findUsagePlan } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { UsagePlanPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'
import { usagePlanView } from '../runtime/usage-views.ts'

export const make = (services: Pick<Services, 'ledger' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({ path: UsagePlanPath }, services, async ({ path }) => {
    const found = await findUsagePlan(services.ledger, path.name)
    return found
      ? ok({ status: 200, body: usagePlanView(found.state), version: found.version })
      : err({ reason: 'usage_plan_not_found' })
  })

export const handler = lambda(make, { ledger })
