import type { Result } from '@countersign/core/shared'
import { err, ok } from '@countersign/core/shared'
import type { Grant, GrantRequest, IssuableApi, IssueToken } from '@countersign/core/token'
import * as Token from '@countersign/core/token/module'
import { findApi, findUsagePlans, loadConsumer, loadToken, type RegisteredApi } from './entities.ts'
import type { HttpAnswer } from './http.ts'
import { mint, readKeyRing } from './mint.ts'
import { type Refusal, refusalOfFaults } from './problem.ts'
import type { Services } from './services.ts'

export interface IssueRequest {
  readonly consumer: string
  readonly grants: readonly GrantRequest[]
  readonly expiresAt?: string | undefined
  readonly expiresIn?: string | undefined
  readonly reason?: string | undefined
}

/** What was asked, checked against what is registered: a command for `core`, or everything that is wrong with it. */
export const issueCommand = async (
  { ledger, newId }: Pick<Services, 'ledger' | 'newId'>,
  request: IssueRequest,
  now: Date,
): Promise<Result<IssueToken, Refusal>> => {
  const grants = await compiledGrants(ledger, request.grants)
  const environments = [...new Set(request.grants.map(({ environment }) => environment))]
  const expiresAt = Token.expiryOf(request, environments, now)
  const consumer = await consumerOf(ledger, request.consumer)
  const faults = [consumer, grants, expiresAt].flatMap((part) => (part.ok ? [] : part.error))
  if (!consumer.ok || !grants.ok || !expiresAt.ok) return { ok: false, error: refusalOfFaults(faults) }
  return ok({
    tokenId: newId('token'),
    consumerId: consumer.value.id,
    consumer: consumer.value.name,
    grants: grants.value,
    expiresAt: expiresAt.value,
    reason: request.reason,
  })
}

const compiledGrants = async (ledger: Services['ledger'], requests: readonly GrantRequest[]) => {
  const apis = await issuableApis(ledger, requests)
  const plans = await findUsagePlans(
    ledger,
    requests.flatMap(({ usagePlan }) => usagePlan ?? []),
  )
  return Token.compileGrants(
    requests,
    (nameOrId) => apis.get(nameOrId),
    (nameOrId) => plans.get(nameOrId)?.state,
  )
}

/** Grants over registered routes, or everything that is wrong with them. */
export const compileGrants = async (
  ledger: Services['ledger'],
  requests: readonly GrantRequest[],
): Promise<Result<readonly Grant[], Refusal>> => {
  const grants = await compiledGrants(ledger, requests)
  return grants.ok ? grants : err(refusalOfFaults(grants.error))
}

const consumerOf = async (ledger: Services['ledger'], id: string) => {
  const { state } = await loadConsumer(ledger, id)
  const pointer = '/consumer'
  if (!state)
    return {
      ok: false,
      error: [{ pointer, code: 'consumer_not_found', detail: `no consumer "${id}" is registered` }],
    } as const
  if (state.status === 'suspended')
    return {
      ok: false,
      error: [{ pointer, code: 'consumer_suspended', detail: `"${state.name}" is suspended` }],
    } as const
  return ok(state)
}

const issuableApis = async (
  ledger: Services['ledger'],
  grants: readonly GrantRequest[],
): Promise<ReadonlyMap<string, IssuableApi>> => {
  const names = [...new Set(grants.map(({ api }) => api))]
  const found = await Promise.all(names.map(async (name) => [name, await findApi(ledger, name)] as const))
  return new Map(found.flatMap(([name, api]) => (api ? [[name, issuable(api)] as const] : [])))
}

const issuable = ({ state: { id, name, routes, deployments } }: RegisteredApi): IssuableApi => ({
  id,
  name,
  routes,
  environments: deployments.map(({ environment }) => environment),
})

/**
 * Adds the signed token to an answer that says `active`; a repetition under the same `Idempotency-Key` gets the same,
 * unless its key was given up in between.
 */
export const withToken = async (
  services: Pick<Services, 'ledger' | 'keyRing' | 'settings'>,
  answer: HttpAnswer,
): Promise<Result<HttpAnswer, Refusal>> => {
  const { id, state } = answer.body as { readonly id: string; readonly state: string }
  if (state !== 'active') return ok(answer)
  const { state: token } = await loadToken(services.ledger, id)
  if (!token || !Token.isIssued(token)) return ok(answer)
  const ring = await readKeyRing(services)
  if (!ring.keys.some(({ kid }) => kid === token.kid)) return err({ reason: 'signing_key_gone' })
  const signed = await mint(token, ring, services.settings.issuer)
  const body = answer.body as Record<string, unknown>
  return ok({ ...answer, body: { id, token: signed.reveal(), ...body } })
}
