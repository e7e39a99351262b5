import { instantOf, ok } from '@countersign/core/shared'
import { repeatable } from '../runtime/command.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import { type RotationServices, rotateNow } from '../runtime/rotating.ts'
import { rotationIdOf } from '../runtime/rotation-id.ts'
import type { Services } from '../runtime/services.ts'

export const make = (services: RotationServices & Pick<Services, 'clock' | 'log'>) =>
  httpHandler({}, services, (request) =>
    repeatable(services, request, async () => {
      const rotated = await rotateNow(services, rotationIdOf(request, services.randomBytes), request.cause)
      if (!rotated.ok) return rotated
      const { kid, signsFrom } = rotated.value
      return ok({ status: 202, body: { kid, signsFrom: instantOf(signsFrom) } })
    }),
  )

export const handler = lambda(make)
