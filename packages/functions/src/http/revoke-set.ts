import * as Access from '@countersign/core/access/module'
import * as Consumer from '@countersign/core/consumer/module'
import type { Revocation, RevocationTarget } from '@countersign/core/revocation'
import * as Revocations from '@countersign/core/revocation/module'
import { err, ok, type Result } from '@countersign/core/shared'
import { change, command, versionMatches } from '../runtime/command.ts'
import { accessRows } from '../runtime/connectors/access-rows.ts'
import { ledger } from '../runtime/connectors/ledger.ts'
import { enforcedForConsumer, enforcedForTarget } from '../runtime/enforcement.ts'
import { consumerShape, loadConsumer, revocationShape } from '../runtime/entities.ts'
import { fenceEntries } from '../runtime/fenced.ts'
import { type HttpAnswer, type HttpRequest, httpHandler } from '../runtime/http.ts'
import { lambda } from '../runtime/lambda.ts'
import type { Refusal } from '../runtime/problem.ts'
import { RevocationBody, type RevocationRequest, targetOf } from '../runtime/revocation-request.ts'
import { countSet } from '../runtime/revoking.ts'
import type { Services } from '../runtime/services.ts'

type Needs = Pick<Services, 'ledger' | 'accessRows' | 'newId' | 'clock' | 'log'>
type Asked = HttpRequest<RevocationRequest, undefined, undefined>
type Answered = Promise<Result<HttpAnswer, Refusal>>

export const make = (services: Needs) =>
  httpHandler({ body: RevocationBody }, services, async (request: Asked) => {
    const { consumer, token, dryRun } = request.body
    if (consumer !== undefined && token !== undefined) return revokeOwn(services, request, consumer, token)
    const target = await targetOf(services, request.body)
    if (!target.ok) return target
    const issuedBefore = Revocations.issuedBeforeOf(request.body, request.cause.now)
    if (!issuedBefore.ok) return err({ reason: issuedBefore.error })
    const set = { target: target.value, issuedBefore: issuedBefore.value }
    if (!dryRun) return revokeSet(services, request, set)
    const held = await countSet(services.ledger, set, request.cause.now)
    return ok({ status: 200, body: { ...named(request.body, set), dryRun: true, ...held } })
  })

export const handler = lambda(make, { accessRows, ledger })

interface AskedSet {
  readonly target: RevocationTarget
  readonly issuedBefore: string
}

const named = ({ consumer, kid, api, everybody }: RevocationRequest, { issuedBefore }: AskedSet) => ({
  ...{ consumer, kid, api, everybody },
  issuedBefore,
})

/** The fence names the set in the command's own transaction; each token is revoked by itself afterwards. */
const revokeSet = (services: Needs, request: Asked, set: AskedSet): Answered =>
  command(services, request, async () => {
    const { cause, body } = request
    const id = Revocations.revocationIdOf(set.target)
    const loaded = await services.ledger.load<Revocation>('revocation', id)
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const facts = Revocations.begin(loaded.state, { ...set, reason: body.reason, note: body.note }, cause)
    if (loaded.state?.status !== 'begun' && (await fenceIsFull(services)))
      return err({ reason: 'fence_full' })
    const { state, changes } = change(revocationShape, id, loaded, facts, { cause, newId: services.newId })
    const enforcedBy = await enforcedForTarget(services.ledger, set.target, cause.now)
    const revokedAt = cause.now.toISOString()
    const view = { ...named(body, state), revokedAt, enforcedBy }
    return ok({ changes, answer: { status: 200, body: view } })
  })

const fenceIsFull = async ({ accessRows }: Pick<Services, 'accessRows'>): Promise<boolean> => {
  const entries = await fenceEntries({ accessRows })
  return entries.length >= Access.MOST_FENCE_ENTRIES
}

const revokeOwn = (services: Needs, request: Asked, consumer: string, tokenId: string): Answered =>
  command(services, request, async () => {
    const { cause, body } = request
    const loaded = await loadConsumer(services.ledger, consumer)
    if (!loaded.state) return err({ reason: 'consumer_not_found' })
    if (!versionMatches(request.ifMatch, loaded)) return err({ reason: 'version_mismatch' })
    const asked = { tokenId, reason: body.reason, note: body.note }
    const facts = Consumer.revokeTokens(loaded.state, asked, cause)
    if (!facts.ok) return err({ reason: facts.error })
    const recording = { cause, newId: services.newId }
    const { state, changes } = change(consumerShape, consumer, loaded, facts.value, recording)
    const revokedAt = cause.now.toISOString()
    const enforcedBy = await enforcedForConsumer(services.ledger, state, cause.now)
    return ok({
      changes,
      answer: { status: 200, body: { consumer, token: tokenId, revokedAt, enforcedBy } },
    })
  })
