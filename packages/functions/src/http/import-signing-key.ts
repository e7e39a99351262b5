import { err, instantOf, ok, Redacted } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
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

/** Only what is shared can be brought along: of a pair of keys, the platform makes both halves. */
const Body = z.strictObject({
  algorithm: z.literal('HS512'),
  /** Unpadded base64url. It reaches the key ring and nothing else: no answer, event or log line. */
  secret: z
    .string()
    .min(1)
    .max(1_024)
    .transform((text) => new Redacted(text)),
})

/** A secret from elsewhere becomes a key like any other: it verifies first and signs later, and leaves by rotation. */
export const make = (services: RotationServices & Pick<Services, 'clock' | 'log'>) =>
  httpHandler({ body: Body }, services, (request) =>
    repeatable(services, request, async () => {
      const material = SigningKey.importedMaterial(request.body.secret)
      if (!material.ok) return err({ reason: material.error })
      const rotationId = rotationIdOf(request, services.randomBytes)
      const rotated = await rotateNow(services, rotationId, request.cause, { material: material.value })
      if (!rotated.ok) return rotated
      const { kid, algorithm, signsFrom } = rotated.value
      return ok({ status: 202, body: { kid, algorithm, signsFrom: instantOf(signsFrom) } })
    }),
  )

export const handler = lambda(make, { keyRing, ledger, settings })
