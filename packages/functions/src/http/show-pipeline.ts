import { ok } from '@countersign/core/shared'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: Pick<Services, 'pipeline' | 'newId' | 'clock' | 'log'>) =>
  httpHandler({}, services, async () => {
    const { unrelayed, subscriptions } = await services.pipeline.status()
    return ok({ status: 200, body: { unrelayed: unrelayed ?? null, subscriptions } })
  })

export const handler = lambda(make)
