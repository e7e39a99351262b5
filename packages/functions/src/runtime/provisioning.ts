import type { ApiKey } from '@countersign/core/api-key'
import * as ApiKeys from '@countersign/core/api-key/module'
import type { EventOf } from '@countersign/core/events'
import type { EntityKind, Ledger } from '@countersign/core/ledger'
import type { Api } from '@countersign/core/registry'
import { type Id, Redacted, shapeOf, usageKeyOf } from '@countersign/core/shared'
import type { GatewayKey, GatewayPlan, UsagePlan } from '@countersign/core/usage-plan'
import { loadApiKey, loadConsumer } from './entities.ts'
import type { Services } from './services.ts'

export type ProvisionServices = Pick<Services, 'ledger' | 'gatewayKeys' | 'apiKeySecret' | 'clock'>

/**
 * An event says that something changed, and the ledger what it is now: whatever the order and however often events come,
 * the gateway ends as the ledger is. Who was slower looks again after writing, so that an older picture never stays.
 */
const untilCurrent = async (versions: () => Promise<string>, write: () => Promise<void>): Promise<void> => {
  for (let before = await versions(); ; ) {
    await write()
    const after = await versions()
    if (after === before) return
    before = after
  }
}

const versionOf = async (ledger: Ledger, kind: EntityKind, id: string): Promise<number> =>
  (await ledger.load(kind, id)).version

/** Where keys open routes and are counted, and where tokens are: never both, because API Gateway has one source of keys. */
const planNames = (id: Id<'usage-plan'>) => ({ keys: id, tokens: `${id}.tokens` }) as const

const gatewayPlans = (plan: UsagePlan, api: Api | undefined) => {
  const stages = (api?.deployments ?? [])
    .filter(({ environment }) => environment === plan.environment)
    .map(({ coordinates }) => coordinates)
  const routes = api?.routes ?? []
  const known = (one: UsagePlan['methods'][number]) =>
    routes.some(({ method, path }) => method === one.method && shapeOf(path) === shapeOf(one.path))
  const hasKeyRoutes = routes.some(({ authorization }) => authorization === 'api-key')
  const { quota, throttle } = plan
  const description = `${plan.name}: ${plan.api} in ${plan.environment}`
  const shared = { description, quota, throttle, methods: plan.methods.filter(known) }
  const { keys, tokens } = planNames(plan.id)
  const of = (name: string, opens: boolean): GatewayPlan => ({ name, stages: opens ? stages : [], ...shared })
  return { keys: of(keys, hasKeyRoutes), tokens: of(tokens, !hasKeyRoutes), hasKeyRoutes }
}

type Planned = ReturnType<typeof gatewayPlans>

/** Writes what a plan and its API are now. */
const withPlan = async (
  { ledger }: ProvisionServices,
  id: string,
  write: (planned: Planned) => Promise<void>,
): Promise<void> => {
  const load = async () => {
    const { state, version } = await ledger.load<UsagePlan>('usage-plan', id)
    if (!state) throw new Error(`there is no usage plan ${id}`)
    const api = await ledger.load<Api>('api', state.apiId)
    return { planned: gatewayPlans(state, api.state), versions: `${version} ${api.version}` }
  }
  await untilCurrent(
    async () => (await load()).versions,
    async () => write((await load()).planned),
  )
}

/** Makes the gateway's plan as the ledger has it. What opens less goes first. */
const provisionPlan = (services: ProvisionServices, id: string): Promise<void> =>
  withPlan(services, id, async ({ keys, tokens, hasKeyRoutes }) => {
    await services.gatewayKeys.closePlan((hasKeyRoutes ? tokens : keys).name)
    await services.gatewayKeys.putPlan(hasKeyRoutes ? keys : tokens)
  })

/** Makes the gateway's keys of one of ours as the ledger has it: none once it or its consumer may not call any more. */
const provisionKey = async (services: ProvisionServices, id: string): Promise<void> => {
  const { ledger, gatewayKeys } = services
  const first = (await loadApiKey(ledger, id)).state
  if (!first) throw new Error(`there is no API key ${id}`)
  const versions = async () =>
    `${await versionOf(ledger, 'api-key', id)} ${await versionOf(ledger, 'consumer', first.consumerId)}`
  await untilCurrent(versions, async () => {
    const key = (await loadApiKey(ledger, id)).state ?? first
    const values = await keysOf(services, key)
    if (values.length > 0) for (const { planId } of key.plans) await ensurePlan(services, planId, 'keys')
    await gatewayKeys.setKeys(id, values)
  })
}

const mayCall = async (ledger: Ledger, consumerId: string): Promise<boolean> =>
  (await loadConsumer(ledger, consumerId)).state?.status === 'active'

const keysOf = async (
  { ledger, apiKeySecret, clock }: ProvisionServices,
  key: ApiKey,
): Promise<readonly GatewayKey[]> => {
  const values = ApiKeys.valuesAt(key, clock())
  if (values.length === 0 || !(await mayCall(ledger, key.consumerId))) return []
  const secret = await apiKeySecret.read()
  if (!secret) throw new Error('the secret of the API keys is not there')
  const plans = key.plans.map(({ planId }) => planNames(planId).keys)
  return values.map(({ generation, digest }) => {
    const value = ApiKeys.keyValueOf(secret, key.id, generation)
    if (ApiKeys.digestOfValue(value) !== digest)
      throw new Error(`${key.id} was made with another secret than there is; rotate it`)
    return { name: `${key.id}.${generation}`, value, plans }
  })
}

/** A key is put into plans that exist, whichever event came first. */
const ensurePlan = (services: ProvisionServices, id: string, which: 'keys' | 'tokens'): Promise<void> =>
  withPlan(services, id, (planned) => services.gatewayKeys.putPlan(planned[which]))

/** What the tokens of a consumer in a plan are counted by; it stays, for it opens nothing by itself. */
const provisionUsageKey = async (
  services: ProvisionServices,
  planId: Id<'usage-plan'>,
  consumerId: Id<'consumer'>,
): Promise<void> => {
  await ensurePlan(services, planId, 'tokens')
  const value = usageKeyOf(planId, consumerId)
  const plans = [planNames(planId).tokens]
  await services.gatewayKeys.setKeys(value, [{ name: `${value}.1`, value: new Redacted(value), plans }])
}

const provisionPlansOfApi = (services: ProvisionServices, apiId: string): Promise<void> =>
  forEach(services.ledger, 'usage-plan', `api=${apiId}`, (id) => provisionPlan(services, id))

const provisionKeysOfConsumer = (services: ProvisionServices, consumerId: string): Promise<void> =>
  forEach(services.ledger, 'api-key', `consumer=${consumerId}`, (id) => provisionKey(services, id))

const forEach = async (
  ledger: Ledger,
  kind: EntityKind,
  label: string,
  work: (id: string) => Promise<void>,
): Promise<void> => {
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await ledger.list(kind, { labels: [label], limit: 100, after })
    for (const { id } of page.items) await work(id)
    after = page.next
  }
}

/** What an event asks for; nothing when it is not about keys or plans. */
export const provision = async (services: ProvisionServices, event: EventOf): Promise<void> => {
  switch (event.type) {
    case 'usage-plan.changed':
      return provisionPlan(services, event.data.planId)
    case 'api.updated':
    case 'api.deployed':
    case 'api.deregistered':
      return provisionPlansOfApi(services, event.data.apiId)
    case 'api-key.created':
    case 'api-key.rotated':
    case 'api-key.retired':
    case 'api-key.disabled':
      return provisionKey(services, event.data.apiKeyId)
    case 'consumer.suspended':
    case 'consumer.resumed':
      return provisionKeysOfConsumer(services, event.data.consumerId)
    case 'token.issued':
      for (const { usagePlan } of event.data.grants)
        if (usagePlan) await provisionUsageKey(services, usagePlan.planId, event.data.consumerId)
  }
}
