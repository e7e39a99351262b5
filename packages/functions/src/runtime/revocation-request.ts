import { REVOCATION_REASONS } from '@countersign/core/events'
import type { RevocationTarget } from '@countersign/core/revocation'
import { Instant, idOf, Line, Slug } from '@countersign/core/schema'
import { err, ok, type Result } from '@countersign/core/shared'
import * as z from 'zod'
import { findApi, loadConsumer, loadKeyLog } from './entities.ts'
import type { Refusal } from './problem.ts'
import type { Services } from './services.ts'

/** As a consumer may call a token of its own. */
const TokenName = z.string().regex(/^[A-Za-z0-9._~-]{1,128}$/, { error: 'not a jti that is accepted' })

/** One of: a consumer (or one token that it signed itself), a signing key, an API by name or id, everybody. */
export const RevocationBody = z
  .strictObject({
    consumer: idOf('consumer').optional(),
    /** `jti` of a token that the consumer signed itself. */
    token: TokenName.optional(),
    kid: idOf('key').optional(),
    api: Slug.optional(),
    everybody: z.literal(true).optional(),
    /** Everything until now unless given. */
    issuedBefore: Instant.optional(),
    reason: z.enum(REVOCATION_REASONS),
    note: Line.optional(),
    /** Says what the set holds, and changes nothing. */
    dryRun: z.boolean().optional(),
  })
  .refine((body) => targetsIn(body).length === 1, {
    error: 'say exactly one of consumer, kid, api and everybody',
    path: ['consumer'],
  })
  .refine(({ token, consumer }) => token === undefined || consumer !== undefined, {
    error: 'a token that a consumer signed is named beside its consumer',
    path: ['token'],
  })
  .refine(({ token, issuedBefore, dryRun }) => token === undefined || !(issuedBefore || dryRun), {
    error: 'one token is no set',
    path: ['token'],
  })

export type RevocationRequest = z.output<typeof RevocationBody>

type Targets = { readonly [name in 'consumer' | 'kid' | 'api' | 'everybody']?: string | true | undefined }

const targetsIn = ({ consumer, kid, api, everybody }: Targets) =>
  [consumer, kid, api, everybody].filter((target) => target !== undefined)

/** Whose tokens, looked up. */
export const targetOf = async (
  { ledger }: Pick<Services, 'ledger'>,
  { consumer, kid, api }: RevocationRequest,
): Promise<Result<RevocationTarget, Refusal>> => {
  if (consumer !== undefined)
    return (await loadConsumer(ledger, consumer)).state ? ok(consumer) : err({ reason: 'consumer_not_found' })
  if (kid !== undefined)
    return (await loadKeyLog(ledger)).state?.keys[kid] ? ok(kid) : err({ reason: 'key_not_found' })
  if (api === undefined) return ok('everybody')
  const found = await findApi(ledger, api)
  return found ? ok(found.state.id) : err({ reason: 'api_not_found' })
}
