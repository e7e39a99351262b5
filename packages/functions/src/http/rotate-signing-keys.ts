import { ALGORITHMS, instantOf, ok } from '@countersign/core/shared'
import * as z from 'zod'
import { repeatable } from '../runtime/command.ts'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { type RotationServices, rotateNow } from '../runtime/rotating.ts'
import { rotationIdOf } from '../runtime/rotation-id.ts'
import type { Services } from '../runtime/services.ts'

/** `algorithm`: of this one key; the configured one unless given. */
const Body = z.strictObject({ algorithm: z.enum(ALGORITHMS).optional() })

export const make = (services: RotationServices & Pick<Services, 'clock' | 'log'>) =>
  httpHandler({ body: Body }, services, (request) =>
    repeatable(services, request, async () => {
      const rotationId = rotationIdOf(request, services.randomBytes)
      const rotated = await rotateNow(services, rotationId, request.cause, request.body)
      if (!rotated.ok) return rotated
      const { kid, algorithm, signsFrom } = rotated.value
      return ok({ status: 202, body: { kid, algorithm, signsFrom: instantOf(signsFrom) } })
    }),
  )

export const handler = lambda(make, { keyRing, ledger, settings })
