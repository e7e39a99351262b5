import { fact } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import { idOf, Line } from '@countersign/core/schema'
import { err, instantOf, ok } from '@countersign/core/shared'
import type { Token } from '@countersign/core/token'
import { z } from 'zod'
import { repeatable } from '../runtime/command.ts'
import { loadKeyLog } from '../runtime/entities.ts'
import { httpHandler } from '../runtime/http.ts'
import { recordKeyFacts } from '../runtime/key-log.ts'
import { lambda } from '../runtime/lambda.ts'
import { type RotationServices, rotateNow } from '../runtime/rotating.ts'
import { rotationIdOf } from '../runtime/rotation-id.ts'
import type { Services } from '../runtime/services.ts'

const Path = z.object({ kid: idOf('key') })
const Body = z.strictObject({ note: Line.optional() })

/** The fence first, in one transaction; then a new ring without the key. */
export const make = (services: RotationServices & Pick<Services, 'clock' | 'log'>) =>
  httpHandler({ path: Path, body: Body }, services, (request) =>
    repeatable(services, request, async () => {
      const { path, body, cause } = request
      const known = (await loadKeyLog(services.ledger)).state?.keys[path.kid]
      if (!known) return err({ reason: 'key_not_found' })
      const compromisedAt = cause.now.toISOString()
      await recordKeyFacts(services, cause, ({ keys }) =>
        keys[path.kid]?.compromised
          ? []
          : [fact('signing-key.compromised', { kid: path.kid, compromisedAt, note: body.note })],
      )
      const rotated = await rotateNow(services, rotationIdOf(request, services.randomBytes), cause, path.kid)
      if (!rotated.ok) return rotated
      const { kid, signsFrom } = rotated.value
      const reissue = await tokensSignedWith(services.ledger, path.kid, cause.now)
      return ok({
        status: 202,
        body: { compromised: path.kid, kid, signsFrom: instantOf(signsFrom), reissue },
      })
    }),
  )

export const handler = lambda(make)

/** The tokens that were alive and are refused now: whose holders need new ones. */
const tokensSignedWith = async (ledger: Ledger, kid: string, now: Date) => {
  const found: { readonly id: string; readonly consumer: string }[] = []
  const query = { labels: [`kid=${kid}`, 'issued'], expiresAfter: now.toISOString(), limit: 100 }
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.list<Token.Token>('token', { ...query, after })
    found.push(...page.items.map(({ id, state }) => ({ id, consumer: state.consumerId })))
    after = page.next
  }
  return found
}
