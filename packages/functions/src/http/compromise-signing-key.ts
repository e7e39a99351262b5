import { fact } from '@countersign/core/events'
import type { Ledger } from '@countersign/core/ledger'
import { idOf, Line } from '@countersign/core/schema'
import { err, instantOf, ok, type Result } from '@countersign/core/shared'
import * as SigningKey from '@countersign/core/signing-key/module'
import type { Token } from '@countersign/core/token'
import * as z from 'zod'
import { repeatable } from '../runtime/command.ts'
import { keyRing } from '../runtime/connectors/key-rings.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { settings } from '../runtime/connectors/settings.ts'
import { loadKeyLog } from '../runtime/entities.ts'
import { type HttpAnswer, type HttpRequest, httpHandler } from '../runtime/http.ts'
import { recordKeyFacts } from '../runtime/key-log.ts'
import { lambda } from '../runtime/lambda.ts'
import { readKeyRing } from '../runtime/mint.ts'
import type { Refusal } from '../runtime/problem.ts'
import { type RotationServices, rotateNow } from '../runtime/rotating.ts'
import { riddingIdOf } from '../runtime/rotation-id.ts'
import type { Services } from '../runtime/services.ts'

const Path = z.object({ kid: idOf('key') })
const Body = z.strictObject({ note: Line.optional() })

type Needs = RotationServices & Pick<Services, 'clock' | 'log'>
type Asked = HttpRequest<z.output<typeof Body>, z.output<typeof Path>, undefined>

/** The tokens to reissue are looked for each time, and not kept with the answer: they may be more than a record holds. */
export const make = (services: Needs) =>
  httpHandler({ path: Path, body: Body }, services, async (request) => {
    const done = await repeatable(services, request, () => compromise(services, request))
    if (!done.ok) return done
    const reissue = await tokensSignedWith(services.ledger, request.path.kid, request.cause.now)
    return ok({ ...done.value, body: { ...(done.value.body as object), reissue } })
  })

export const handler = lambda(make, { keyRing, ledger, settings })

/** The fence first, in one transaction; then a new ring without the key. */
const compromise = async (services: Needs, request: Asked): Promise<Result<HttpAnswer, Refusal>> => {
  const { path, body, cause } = request
  const known = (await loadKeyLog(services.ledger)).state?.keys[path.kid]
  if (!known) return err({ reason: 'key_not_found' })
  const compromisedAt = cause.now.toISOString()
  await recordKeyFacts(services, cause, ({ keys }) =>
    keys[path.kid]?.compromised
      ? []
      : [fact('signing-key.compromised', { kid: path.kid, compromisedAt, note: body.note })],
  )
  const before = await successor(services, path.kid, cause.now)
  if (before) return ok(answerOf(path.kid, before)) // given up before: there is nothing left to rotate away
  const rotated = await rotateNow(services, riddingIdOf(path.kid), cause, { compromised: path.kid })
  if (rotated.ok) return ok(answerOf(path.kid, rotated.value))
  const others = await successor(services, path.kid, cause.now)
  return others ? ok(answerOf(path.kid, others)) : rotated
}

/** The key that signs in a ring without this one. */
const successor = async (services: Needs, compromised: string, now: Date) => {
  const ring = await readKeyRing(services)
  const gone = !ring.keys.some(({ kid }) => kid === compromised)
  return gone ? SigningKey.signingKey(ring, now) : undefined
}

const answerOf = (compromised: string, { kid, signsFrom }: SigningKey.SigningKey): HttpAnswer => ({
  status: 202,
  body: { compromised, kid, signsFrom: instantOf(signsFrom) },
})

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
