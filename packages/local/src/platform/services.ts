import { randomBytes } from 'node:crypto'
import type { Change } from '@countersign/core/ledger'
import type { Identities } from '@countersign/core/session'
import { idFrom, type NewId } from '@countersign/core/shared'
import type { AllowedHost } from '@countersign/core/webhook'
import type { Log, Services, Settings } from '@countersign/functions/runtime/services'
import { webhookReceivers } from '@countersign/functions/runtime/webhook-receivers'
import type { InboxName } from '@countersign/topology'
import { type AuthorizerCache, cachesOf, createAuthorizerCache } from '../gateway/authorizer-cache.ts'
import type { Bus } from '../runtime/bus.ts'
import { queueNames } from '../runtime/workers.ts'
import type { Database } from '../store/database.ts'
import { sqliteAccessRows } from '../store/sqlite-access-rows.ts'
import { sqliteAuthorizerCallers } from '../store/sqlite-authorizer-callers.ts'
import { type GatewayLedger, sqliteGatewayKeys } from '../store/sqlite-gateway-keys.ts'
import { sqliteKeyRing } from '../store/sqlite-key-ring.ts'
import { sqliteLedger } from '../store/sqlite-ledger.ts'
import type { Queues } from '../store/sqlite-queues.ts'
import { sqliteRootSecret } from '../store/sqlite-root-secret.ts'
import { sqliteWebhookDeliveries } from '../store/sqlite-webhook-deliveries.ts'

export interface LocalServicesOptions {
  readonly database: Database
  readonly queues: Queues
  readonly bus: Bus
  readonly clock: () => Date
  readonly settings: Settings
  readonly identities: Identities
  readonly log: Log
  /** Told after every commit that brought events, and after a redrive. */
  readonly committed: (change: Change) => void
  readonly sent: (queue: InboxName) => void
  readonly unrelayed: () => number
  /** Hosts that webhooks may lead to over http and whatever their addresses; none unless given. */
  readonly webhookHosts?: readonly AllowedHost[]
}

const ID_BYTES = 16
const IDS_DRAWN = 256

/** Of random bytes that are drawn for many ids at once: every request has one, and drawing takes longer than all else of it. */
const idSource = (): NewId => {
  let [drawn, next] = [Buffer.alloc(0), 0]
  return (kind) => {
    if (next === drawn.length) [drawn, next] = [randomBytes(ID_BYTES * IDS_DRAWN), 0]
    next += ID_BYTES
    return idFrom(kind, drawn.subarray(next - ID_BYTES, next))
  }
}

/** The ports of one machine: its gateway's keys and plans are also asked what they allow. */
export interface LocalServices extends Services {
  readonly gatewayKeys: GatewayLedger
  /** What the gateway keeps of the authorizer's answers. */
  readonly authorizerCache: AuthorizerCache
}

/** Every port over one SQLite file. */
export const localServices = (options: LocalServicesOptions): LocalServices => {
  const { database, queues, bus, clock, settings, identities, log, sent, webhookHosts = [] } = options
  const authorizerCache = createAuthorizerCache()
  return {
    ledger: sqliteLedger(database, options.committed),
    accessRows: sqliteAccessRows(database),
    keyRing: sqliteKeyRing(database),
    sealKeys: sqliteKeyRing(database, 'SealKeys'),
    apiKeySecret: sqliteRootSecret(database, 'ApiKeys'),
    gatewayKeys: sqliteGatewayKeys(database),
    consumerKeyRings: (consumerId) => sqliteKeyRing(database, consumerId),
    identities,
    publisher: bus,
    pipeline: localPipeline(options),
    authorizerCallers: sqliteAuthorizerCallers(database),
    authorizerCache,
    authorizerCaches: cachesOf(authorizerCache),
    webhookSecret: sqliteRootSecret(database, 'Webhooks'),
    webhookDeliveries: sqliteWebhookDeliveries(queues, clock, sent),
    webhookReceivers: webhookReceivers({ allowedHosts: () => webhookHosts, clock }),
    clock,
    newId: idSource(),
    randomBytes,
    settings,
    log,
  }
}

const localPipeline = ({ queues, clock, sent, unrelayed }: LocalServicesOptions): Services['pipeline'] => ({
  status: async () => ({
    unrelayed: unrelayed(),
    subscriptions: queueNames.map((name) => ({ name, ...queues.status(name) })),
  }),
  redrive: async (subscription) => {
    const name = queueNames.find((known) => known === subscription)
    if (!name) return undefined
    const redriven = queues.redrive(name, clock().getTime())
    sent(name)
    return redriven
  },
})
