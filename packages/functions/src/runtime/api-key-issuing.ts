import type { ApiKey, KeyablePlan } from '@countersign/core/api-key'
import * as ApiKeys from '@countersign/core/api-key/module'
import { err, type Id, ok, type Redacted, type Result } from '@countersign/core/shared'
import { findApi, findUsagePlans, loadApiKey, loadConsumer } from './entities.ts'
import type { HttpAnswer } from './http.ts'
import { type Refusal, refusalOfFaults } from './problem.ts'
import type { Services } from './services.ts'

export interface KeyRequest {
  readonly consumer: string
  readonly plans: readonly string[]
  readonly name?: string | undefined
}

type Ledger = Services['ledger']

/** What was asked, checked against what is registered: a command for `core`, or everything that is wrong with it. */
export const keyCommand = async (
  { ledger, newId }: Pick<Services, 'ledger' | 'newId'>,
  request: KeyRequest,
): Promise<Result<ApiKeys.CreateApiKey, Refusal>> => {
  const known = await keyablePlans(ledger, request.plans)
  const plans = ApiKeys.compileKeyPlans(request.plans, (asked) => known.get(asked))
  const consumer = await consumerOf(ledger, request.consumer)
  const faults = [...(consumer.ok ? [] : consumer.error), ...(plans.ok ? [] : plans.error)]
  if (!consumer.ok || !plans.ok) return err(refusalOfFaults(faults))
  const { id: consumerId, name } = consumer.value
  const id = newId('api-key')
  return ok({ id, consumerId, consumer: name, name: request.name, plans: plans.value })
}

const consumerOf = async (ledger: Ledger, id: string) => {
  const { state } = await loadConsumer(ledger, id)
  const fault = <const C extends string>(code: C, detail: string) =>
    err([{ pointer: '/consumer', code, detail }])
  if (!state) return fault('consumer_not_found', `no consumer "${id}" is registered`)
  return state.status === 'suspended'
    ? fault('consumer_suspended', `"${state.name}" is suspended`)
    : ok(state)
}

const keyablePlans = async (
  ledger: Ledger,
  asked: readonly string[],
): Promise<ReadonlyMap<string, KeyablePlan>> => {
  const found = [...(await findUsagePlans(ledger, asked))]
  const keyable = found.map(async ([name, { state }]) => {
    const api = await findApi(ledger, state.apiId)
    const hasKeyRoutes = api?.state.routes.some(({ authorization }) => authorization === 'api-key') ?? false
    return [name, { ...state, hasKeyRoutes }] as const
  })
  return new Map(await Promise.all(keyable))
}

export const readSecret = async ({
  apiKeySecret,
}: Pick<Services, 'apiKeySecret'>): Promise<Result<Redacted<string>, Refusal>> => {
  const secret = await apiKeySecret.read()
  return secret ? ok(secret) : err({ reason: 'api_key_secret_missing' })
}

/** The value of a key's generation and what the ledger keeps of it. */
export const valueAndDigest = (secret: Redacted<string>, id: Id<'api-key'>, generation: number) => {
  const value = ApiKeys.keyValueOf(secret, id, generation)
  return { value, digest: ApiKeys.digestOfValue(value) }
}

/**
 * Adds the value to the answer of the command that made it; a repetition under the same `Idempotency-Key` gets the same,
 * unless the key was rotated or disabled, or the secret replaced, in between.
 */
export const withValue = async (
  { ledger }: Pick<Services, 'ledger'>,
  secret: Redacted<string>,
  answer: HttpAnswer,
): Promise<Result<HttpAnswer, Refusal>> => {
  const { id, generation, ...body } = answer.body as { readonly id: string; readonly generation: number }
  const { state } = await loadApiKey(ledger, id)
  if (!state || !isCurrent(state, generation)) return ok(answer)
  const { value, digest } = valueAndDigest(secret, state.id, generation)
  if (digest !== state.current.digest) return err({ reason: 'api_key_secret_changed' })
  return ok({ ...answer, body: { id, key: value.reveal(), generation, ...body } })
}

const isCurrent = ({ status, current }: ApiKey, generation: number): boolean =>
  status === 'active' && current.generation === generation
