import { secondsIn } from '@countersign/core/shared'
import * as z from 'zod'
import { consumerKeyRings } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { rotateConsumerSecret, type SecretServices } from '../runtime/consumer-secret.ts'
import { httpHandler } from '../runtime/http.ts'
import { ConsumerPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Services } from '../runtime/services.ts'

const DEFAULT_OVERLAP = '7d'
const LONGEST_OVERLAP_SECONDS = 90 * 86_400

const Overlap = z.string().transform((text, context) => {
  const seconds = text === '0s' ? 0 : secondsIn(text)
  if (seconds !== undefined && seconds <= LONGEST_OVERLAP_SECONDS) return seconds
  context.addIssue({ code: 'custom', message: 'a duration such as 7d or 12h, 90d at most; 0s: at once' })
  return z.NEVER
})

/** `overlap`: how long the keys before the new one are still accepted. */
const Body = z.strictObject({ overlap: Overlap.default(secondsIn(DEFAULT_OVERLAP) ?? 0) })

export const make = (services: SecretServices & Pick<Services, 'clock' | 'log'>) =>
  httpHandler({ body: Body, path: ConsumerPath }, services, (request) =>
    rotateConsumerSecret(services, request, request.path.id, request.body.overlap),
  )

export const handler = lambda(make, { consumerKeyRings, ledger })
