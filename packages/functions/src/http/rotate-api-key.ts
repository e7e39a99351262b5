import { ApiKeys } from '@countersign/core/api-key'
import { err, ok, type Result, secondsIn } from '@countersign/core/shared'
import { z } from 'zod'
import { apiKeyCommand } from '../runtime/api-key-command.ts'
import { readSecret, valueAndDigest, withValue } from '../runtime/api-key-issuing.ts'
import { httpHandler } from '../runtime/http.ts'
import { ApiKeyPath } from '../runtime/inputs.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Refusal } from '../runtime/problem.ts'
import type { Services } from '../runtime/services.ts'

/** How long both values work unless it is said: a day, and never more than thirty. */
const USUAL_OVERLAP = '24h'
const LONGEST_OVERLAP_SECONDS = 30 * 86_400

const Body = z.strictObject({ overlap: z.string().max(16).optional(), now: z.boolean().optional() })

const overlapOf = ({ overlap, now = false }: z.output<typeof Body>): Result<number, Refusal> => {
  const pointer = '/overlap'
  const refuse = (code: 'overlap_given_twice' | 'overlap_malformed', detail: string) =>
    err({ reason: code, detail, errors: [{ pointer, code, detail }] })
  if (now && overlap !== undefined) return refuse('overlap_given_twice', 'give overlap or now, not both')
  if (now) return ok(0)
  const seconds = secondsIn(overlap ?? USUAL_OVERLAP)
  return seconds !== undefined && seconds <= LONGEST_OVERLAP_SECONDS
    ? ok(seconds)
    : refuse('overlap_malformed', `"${overlap}" is no duration like 24h of at most 30 days`)
}

type Needs = Pick<Services, 'ledger' | 'apiKeySecret' | 'newId' | 'clock' | 'log'>

export const make = (services: Needs) =>
  httpHandler({ body: Body, path: ApiKeyPath }, services, async (request) => {
    const overlap = overlapOf(request.body)
    if (!overlap.ok) return overlap
    const secret = await readSecret(services)
    if (!secret.ok) return secret
    const rotated = await apiKeyCommand(services, request, (key, cause) => {
      const { digest } = valueAndDigest(secret.value, key.id, ApiKeys.nextGeneration(key))
      return ApiKeys.rotate(key, { digest, overlapSeconds: overlap.value }, cause)
    })
    return rotated.ok ? withValue(services, secret.value, rotated.value) : rotated
  })

export const handler = lambda(make)
