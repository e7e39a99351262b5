import { ok } from '@countersign/core/shared'
import { accessRows } from '../runtime/connectors/access-rows.ts'
import { pipeline } from '../runtime/connectors/pipeline.ts'
import { fenceEntries } from '../runtime/fenced.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: Pick<Services, 'pipeline' | 'accessRows' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({}, services, async () => {
    const { unrelayed, subscriptions } = await services.pipeline.status()
    const fence = await fenceEntries(services)
    return ok({ status: 200, body: { unrelayed: unrelayed ?? null, subscriptions, fence } })
  })

export const handler = lambda(make, { accessRows, pipeline })
