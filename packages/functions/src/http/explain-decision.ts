import { CoordinatesSchema, idOf, Slug } from '@countersign/core/schema'
import { type Id, METHODS, ok, Redacted } from '@countersign/core/shared'
import * as z from 'zod'
import { accessRows } from '../runtime/connectors/access-rows.ts'
import { consumerKeyRings, keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import type { Explained } from '../runtime/explained-credential.ts'
import { type Named, placeOf } from '../runtime/explained-place.ts'
import { type ExplainingServices, explain } from '../runtime/explaining.ts'
import { httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'

/** As long as an `Authorization` header is ever looked at, and a little: what is longer is explained as well. */
const LONGEST_TOKEN = 16_384

const { accountId, region, gatewayId, stage } = CoordinatesSchema.shape

const Body = z
  .strictObject({
    /** The presented token itself, without `Bearer`. */
    token: z
      .string()
      .max(LONGEST_TOKEN)
      .transform((text) => new Redacted(text))
      .optional(),
    tokenId: idOf('token').optional(),
    sessionId: idOf('session').optional(),
    /** For a token that the consumer signs itself. */
    consumerId: idOf('consumer').optional(),
    jti: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{1,128}$/, { error: 'not a jti that is accepted' })
      .optional(),
    method: z.enum(METHODS).exclude(['ANY']),
    /** As the client sends it, without stage and query. */
    path: z
      .string()
      .max(1_600)
      .regex(/^\/[^?#]*$/, { error: 'a path starts with "/" and has neither query nor fragment' }),
    api: Slug.optional(),
    environment: Slug.optional(),
    ...{ accountId: accountId.optional(), region: region.optional() },
    ...{ gatewayId: gatewayId.optional(), stage: stage.optional() },
    responses: z.enum(['policy', 'simple']).default('policy'),
  })
  .transform((body, context) => {
    const [explained, place] = [explainedIn(body), namedIn(body)]
    if (!explained)
      context.addIssue({
        ...{ code: 'custom', path: ['token'] },
        message: 'say exactly one of token, tokenId, sessionId and consumerId; jti goes with consumerId',
      })
    if (!place)
      context.addIssue({
        ...{ code: 'custom', path: ['api'] },
        message:
          'say either api and environment, or gatewayId and stage (with accountId and region where needed)',
      })
    const { method, path, responses } = body
    return explained && place ? { explained, place, method, path, responses } : z.NEVER
  })

interface Parts {
  readonly token?: Redacted<string> | undefined
  readonly tokenId?: Id<'token'> | undefined
  readonly sessionId?: Id<'session'> | undefined
  readonly consumerId?: Id<'consumer'> | undefined
  readonly jti?: string | undefined
}

const explainedIn = ({ token, tokenId, sessionId, consumerId, jti }: Parts): Explained | undefined => {
  const given: readonly (Explained | undefined)[] = [
    token && { kind: 'presented', token },
    tokenId && { kind: 'token', id: tokenId },
    sessionId && { kind: 'session', id: sessionId },
    consumerId && { kind: 'consumer-signed', id: consumerId, jti },
  ]
  const [only, another] = given.filter((one) => one !== undefined)
  return another || (jti !== undefined && !consumerId) ? undefined : only
}

type Place = {
  readonly [M in 'api' | 'environment' | 'accountId' | 'region' | 'gatewayId' | 'stage']?: string | undefined
}

const namedIn = ({ api, environment, accountId, region, gatewayId, stage }: Place): Named | undefined => {
  const [named, placed] = [
    [api, environment],
    [gatewayId, stage, accountId, region],
  ]
  const isGiven = (part: string | undefined) => part !== undefined
  if (api !== undefined && environment !== undefined && !placed.some(isGiven)) return { api, environment }
  if (gatewayId === undefined || stage === undefined || named.some(isGiven)) return undefined
  return { gatewayId, stage, accountId, region }
}

/** What would be decided now, and why, step by step: for operators, because it says what callers must not learn. */
export const make = (services: ExplainingServices) =>
  httpHandler({ body: Body }, services, async ({ body, cause }) => {
    const place = await placeOf(services.ledger, body.place)
    if (!place.ok) return place
    return ok({ status: 200, body: await explain(services, { ...body, place: place.value }, cause.now) })
  })

export const handler = lambda(make, { accessRows, consumerKeyRings, keyRing, ledger, settings })
