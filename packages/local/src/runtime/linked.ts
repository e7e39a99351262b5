import type { Change } from '@countersign/core/ledger'
import type { Services } from '@countersign/functions/runtime/services'
import type { Link } from '@countersign/topology'

/** What a machine gives to every function. */
type Ambient = 'clock' | 'newId' | 'randomBytes' | 'settings' | 'log' | 'pause'

type Opened = {
  readonly [Port in keyof Omit<Services, Ambient | 'consumerKeyRings'>]: {
    readonly [Method in keyof Services[Port]]: readonly Link[]
  }
}

const byKey: readonly Link[] = ['ledger:read', 'ledger:write']
/** Of the ring of each consumer. */
const CONSUMER_RING_OPENED_BY = {
  current: ['consumer-keys:read', 'consumer-keys:rotate'],
  version: ['consumer-keys:rotate'],
  stage: ['consumer-keys:rotate'],
  promote: ['consumer-keys:rotate'],
} as const satisfies Readonly<Record<keyof Services['keyRing'], readonly Link[]>>

const ring: readonly Link[] = ['key-ring:read', 'key-ring:rotate']

/** By which links each port is opened: the counterpart of the policies in `stacks/links.ts`. */
const OPENED_BY: Opened = {
  ledger: {
    load: byKey,
    claim: byKey,
    idempotency: byKey,
    commit: ['ledger:write', 'ledger:append'],
    probe: ['ledger:probe'],
    list: ['ledger:list', 'ledger:log', 'ledger:days'],
    events: ['ledger:log', 'ledger:days'],
  },
  accessRows: { read: ['access:read'], write: ['access:write'], scan: [] },
  keyRing: { current: ring, version: ring, stage: ['key-ring:rotate'], promote: ['key-ring:rotate'] },
  sealKeys: {
    current: ['seal-keys:read', 'seal-keys:rotate'],
    version: ['seal-keys:rotate'],
    stage: ['seal-keys:rotate'],
    promote: ['seal-keys:rotate'],
  },
  apiKeySecret: { read: ['api-keys:derive'], create: [] },
  gatewayKeys: {
    putPlan: ['usage-plans:provision'],
    closePlan: ['usage-plans:provision'],
    setKeys: ['usage-plans:provision'],
  },
  identities: {
    configuration: ['identities:read'],
    verify: ['identities:read'],
    directoryOf: ['identities:read'],
  },
  publisher: { publish: ['bus:publish'] },
  pipeline: { status: ['queues:inspect'], redrive: ['queues:redrive'] },
  authorizerCaches: { flush: ['authorizer-caches:flush'] },
  authorizerCallers: { admit: ['authorizer:admit'], dismiss: ['authorizer:admit'] },
  webhookSecret: { read: ['webhooks:sign'], create: [] },
  webhookDeliveries: { enqueue: ['webhooks:enqueue'], postpone: ['webhooks:postpone'] },
  webhookReceivers: { check: ['webhooks:reach'], post: ['webhooks:reach'] },
}

/**
 * The ports as a function's links open them. What its role would refuse on AWS throws here as well, so that a link that
 * is missing in the topology is missed on one machine.
 */
export const linked = (services: Services, module: string, links: readonly Link[]): Services => {
  const refused = (what: string) => () => {
    throw new Error(`no link of ${module} opens ${what}`)
  }
  const guarded = <T extends object>(
    target: T,
    name: string,
    by: Readonly<Record<string, readonly Link[]>>,
  ): T =>
    new Proxy<T>(target, {
      get: (_, method) => {
        const value: unknown = Reflect.get(target, method)
        const needs = by[String(method)]
        if (typeof value !== 'function' || needs === undefined) return value
        return needs.some((link) => links.includes(link))
          ? value.bind(target)
          : refused(`${name}.${String(method)}`)
      },
    })
  const opened = <Port extends keyof Opened>(port: Port): Services[Port] =>
    guarded(services[port], port, OPENED_BY[port])
  const ledger = opened('ledger')
  const commit = (change: Change) =>
    (change.access ?? []).length > 0 && !links.includes('access:write')
      ? refused('the read model to a command')()
      : ledger.commit(change)
  return {
    ...services,
    ledger: { ...methodsOf(ledger), commit },
    accessRows: opened('accessRows'),
    keyRing: opened('keyRing'),
    sealKeys: opened('sealKeys'),
    apiKeySecret: opened('apiKeySecret'),
    gatewayKeys: opened('gatewayKeys'),
    consumerKeyRings: (consumerId) =>
      guarded(services.consumerKeyRings(consumerId), 'consumerKeyRings', CONSUMER_RING_OPENED_BY),
    identities: opened('identities'),
    publisher: opened('publisher'),
    pipeline: opened('pipeline'),
    authorizerCaches: opened('authorizerCaches'),
    authorizerCallers: opened('authorizerCallers'),
    webhookSecret: opened('webhookSecret'),
    webhookDeliveries: opened('webhookDeliveries'),
    webhookReceivers: opened('webhookReceivers'),
  }
}

const methodsOf = (ledger: Services['ledger']): Omit<Services['ledger'], 'commit'> => ({
  load: (kind, id) => ledger.load(kind, id),
  claim: (name) => ledger.claim(name),
  idempotency: (key) => ledger.idempotency(key),
  probe: () => ledger.probe(),
  list: (kind, query) => ledger.list(kind, query),
  events: (query) => ledger.events(query),
})
