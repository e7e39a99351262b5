import * as z from 'zod'
import { Instant, idOf, Slug } from '../shared/schema.ts'
import { defineEvent } from './define.ts'

export const AccessDenied = defineEvent(
  'access.denied',
  1,
  'Requests of one holder were refused for one reason within one minute; what comes late is another event of the same minute.',
  () =>
    z.object({
      denialId: idOf('denial'),
      /** The id of the token or the session; of a consumer that signs its own tokens, the consumer's; or `anonymous`. */
      holder: z.string().min(1).max(128),
      credential: z.enum(['token', 'session', 'consumer-signed', 'none']),
      consumerId: idOf('consumer').optional(),
      kid: z.string().min(1).max(256).optional(),
      /** Exact, as in the decision log; callers never learn it. */
      reason: z.string().regex(/^[a-z][a-z_]{0,63}$/),
      apiId: idOf('api').optional(),
      environment: Slug.optional(),
      /** `gatewayId/stage` */
      gateway: z.string().max(200).optional(),
      /** `GET /x/{id}`: registered templates, ten at most; never a path that was asked. */
      routes: z.array(z.string().max(1_100)).max(10),
      /** The minute. */
      windowStart: Instant,
      /** Requests that this event adds to those told before of the same minute. */
      count: z.int().min(1),
      firstAt: Instant,
      lastAt: Instant,
      /** There may have been more in this minute: no more are told of it. */
      capped: z.boolean(),
    }),
)

export const TokenUsed = defineEvent(
  'token.used',
  1,
  'A token opened something, for the first time in this hour.',
  () => z.object({ tokenId: idOf('token'), consumerId: idOf('consumer'), usedAt: Instant }),
)
