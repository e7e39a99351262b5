import {
  APIGatewayClient,
  type ApiKey,
  ConflictException,
  CreateApiKeyCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanCommand,
  GetApiKeysCommand,
  GetUsagePlanKeyCommand,
  GetUsagePlanKeysCommand,
  GetUsagePlansCommand,
  NotFoundException,
  type PatchOperation,
  UpdateUsagePlanCommand,
  type UsagePlan,
  type UsagePlanKey,
} from '@aws-sdk/client-api-gateway'
import type { GatewayKey, GatewayKeys, GatewayPlan } from '@countersign/core/usage-plan'
import { clientSettings, within } from './calls.ts'
import type { Pace } from './paced.ts'
import { closingPatch, patchOf, planInput } from './usage-plan-patch.ts'

export interface ApiGatewayKeysOptions {
  readonly client?: APIGatewayClient
  /** API Gateway takes few calls of an account. */
  readonly pace: Pace
}

const LIMIT_MILLISECONDS = 10_000
const PAGE = 500

/** API Gateway's own keys and usage plans, found again by the names that are ours. */
export const apiGatewayKeys = ({ pace, ...options }: ApiGatewayKeysOptions): GatewayKeys => {
  const client = options.client ?? new APIGatewayClient(clientSettings(4_000))
  const call: Calling = async (doing, send) => {
    await pace()
    return within(LIMIT_MILLISECONDS, doing, (limit) => send(client, limit))
  }
  return {
    putPlan: (plan) => putPlan(call, plan),
    closePlan: async (name) => {
      const present = await planNamed(call, name)
      if (present) await patch(call, present, closingPatch(present))
    },
    setKeys: (owner, keys) => setKeys(call, owner, keys),
  }
}

type Limit = { readonly abortSignal: AbortSignal }
type Calling = <T>(doing: string, send: (client: APIGatewayClient, limit: Limit) => Promise<T>) => Promise<T>

const putPlan = async (call: Calling, plan: GatewayPlan): Promise<void> => {
  const present = await planNamed(call, plan.name)
  if (present) return patch(call, present, patchOf(present, plan))
  await call('making a usage plan', (client, limit) =>
    client.send(new CreateUsagePlanCommand(planInput(plan)), limit),
  )
  await planNamed(call, plan.name) // whoever made one of the same name meanwhile finds the same one to stay
}

const patch = async (call: Calling, { id }: UsagePlan, patchOperations: readonly PatchOperation[]) => {
  if (patchOperations.length === 0) return
  const command = new UpdateUsagePlanCommand({ usagePlanId: id, patchOperations: [...patchOperations] })
  await call('changing a usage plan', (client, limit) => client.send(command, limit))
}

/**
 * API Gateway takes any number of plans of one name. Two made at once are merged into the one with the smaller id, which
 * is the same for everybody who looks.
 */
const planNamed = async (call: Calling, name: string): Promise<UsagePlan | undefined> => {
  const found = await pages<UsagePlan>((position) =>
    call('looking for a usage plan', (client, limit) =>
      client.send(new GetUsagePlansCommand({ limit: PAGE, position }), limit),
    ),
  )
  const [kept, ...others] = found.filter((plan) => plan.name === name).sort(byId)
  for (const other of others) if (kept) await merge(call, other, kept)
  return kept
}

const byId = (a: { id?: string | undefined }, b: { id?: string | undefined }): number =>
  String(a.id) < String(b.id) ? -1 : 1

const merge = async (call: Calling, other: UsagePlan, kept: UsagePlan): Promise<void> => {
  const usagePlanId = other.id
  const members = await pages<UsagePlanKey>((position) =>
    call('reading the keys of a usage plan', (client, limit) =>
      client.send(new GetUsagePlanKeysCommand({ usagePlanId, limit: PAGE, position }), limit),
    ),
  )
  await patch(call, other, closingPatch(other)) // a key is in one plan of a stage
  for (const { id } of members) if (id) await join(call, kept, id)
  await call('removing a usage plan that was made twice', (client, limit) =>
    client.send(new DeleteUsagePlanCommand({ usagePlanId }), limit).catch(nothingWhen(NotFoundException)),
  )
}

const setKeys = async (call: Calling, owner: string, keys: readonly GatewayKey[]): Promise<void> => {
  const present = await keysOf(call, owner)
  for (const { id, name } of present)
    if (!keys.some((key) => key.name === name))
      await call('removing an API key', (client, limit) =>
        client.send(new DeleteApiKeyCommand({ apiKey: id }), limit).catch(nothingWhen(NotFoundException)),
      )
  for (const key of keys) await putKey(call, key, present.find(({ name }) => name === key.name)?.id)
}

const keysOf = async (call: Calling, owner: string): Promise<readonly ApiKey[]> => {
  const nameQuery = `${owner}.`
  const found = await pages<ApiKey>((position) =>
    call('looking for API keys', (client, limit) =>
      client.send(new GetApiKeysCommand({ nameQuery, includeValues: false, limit: PAGE, position }), limit),
    ),
  )
  return found.filter(({ name }) => name?.startsWith(nameQuery))
}

const putKey = async (call: Calling, key: GatewayKey, present: string | undefined): Promise<void> => {
  const keyId = present ?? (await createKey(call, key))
  for (const name of key.plans) {
    const plan = await planNamed(call, name)
    if (!plan) throw new Error(`there is no usage plan ${name} for the key ${key.name}`)
    await join(call, plan, keyId)
  }
}

/** API Gateway refuses a second key of the same value, so of two who make it at once one finds the other's. */
const createKey = async (call: Calling, { name, value }: GatewayKey): Promise<string> => {
  const command = new CreateApiKeyCommand({ name, value: value.reveal(), enabled: true })
  const made = await call('making an API key', (client, limit) =>
    client.send(command, limit).catch(nothingWhen(ConflictException)),
  )
  const id = made?.id ?? (await keysOf(call, name.slice(0, name.lastIndexOf('.')))).find(named(name))?.id
  if (!id) throw new Error(`the value of ${name} belongs to another key`)
  return id
}

const named = (wanted: string) => (key: ApiKey) => key.name === wanted

const join = async (call: Calling, { id: usagePlanId }: UsagePlan, keyId: string): Promise<void> => {
  const command = new CreateUsagePlanKeyCommand({ usagePlanId, keyId, keyType: 'API_KEY' })
  const joined = await call('putting a key into a usage plan', (client, limit) =>
    client.send(command, limit).catch(nothingWhen(ConflictException)),
  )
  if (joined) return
  // It is in this plan, or in another of the same stage: the first is what is wanted, the second throws.
  await call('looking for a key in its usage plan', (client, limit) =>
    client.send(new GetUsagePlanKeyCommand({ usagePlanId, keyId }), limit),
  )
}

const nothingWhen =
  (refusal: abstract new (...args: never[]) => Error) =>
  (error: unknown): undefined => {
    if (!(error instanceof refusal)) throw error
  }

const pages = async <T>(
  load: (
    position: string | undefined,
  ) => Promise<{ readonly items?: T[] | undefined; readonly position?: string | undefined }>,
): Promise<readonly T[]> => {
  const all: T[] = []
  for (let position: string | undefined, more = true; more; more = position !== undefined) {
    const page = await load(position)
    all.push(...(page.items ?? []))
    position = page.position
  }
  return all
}
