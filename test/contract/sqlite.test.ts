import { Session } from '@countersign/core/session'
import type { GatewayPlan } from '@countersign/core/usage-plan'
import { make as makeRotation } from '@countersign/functions/rotation/rotate-key-ring'
import { readKeyRing } from '@countersign/functions/runtime/mint'
import {
  LOCAL_ISSUER,
  localBus,
  localServices,
  openDatabase,
  sqliteGatewayKeys,
  sqliteQueues,
  sqliteStoredRows,
} from '@countersign/local'
import { type InboxName, inboxes } from '@countersign/topology'
import { accessRowsContract } from './access-rows.ts'
import { authorizerCallersContract } from './authorizer-callers.ts'
import { NOW } from './changes.ts'
import { gatewayKeysContract, type KeyStore } from './gateway-keys.ts'
import { keyRingContract } from './key-ring.ts'
import { ledgerContract } from './ledger.ts'
import { ledgerPagesContract } from './ledger-pages.ts'
import { type Delivery, pipelineContract } from './pipeline.ts'
import { rotationContract } from './rotation.ts'
import { storedRowsContract } from './stored-rows.ts'
import { webhookDeliveriesContract } from './webhook-deliveries.ts'

const VISIBILITY_MILLISECONDS = 30_000

/** Everything over one database in memory, with a clock of its own. */
const sqlite = () => {
  const database = openDatabase(':memory:')
  const queues = sqliteQueues(database)
  let now = NOW.getTime()
  const clock = () => new Date(now)
  const quiet = () => {}
  const bus = localBus({ queues, clock, adversity: undefined, sent: quiet })
  const services = localServices({
    database,
    queues,
    bus,
    clock,
    settings: { issuer: LOCAL_ISSUER, ringRefreshSeconds: 1 },
    log: quiet,
    identities: Session.NOBODY,
    committed: quiet,
    sent: quiet,
    unrelayed: () => 0,
  })
  return {
    ...services,
    queues,
    clock,
    storedRows: sqliteStoredRows(database),
    spoil: async (key: string) =>
      void database.run('UPDATE access_row SET body = \'{"registers": \' WHERE key = ?', key),
    pass: (milliseconds: number) => {
      now += milliseconds
    },
    admitted: async () =>
      database
        .all('SELECT account_id, region FROM authorizer_caller')
        .map(({ account_id, region }) => `${region}-${account_id}`),
    close: async () => database.close(),
  }
}

const road = async () => {
  const { queues, clock, pass, ...services } = sqlite()
  const hiddenUntil = () => clock().getTime() + VISIBILITY_MILLISECONDS
  return {
    ...services,
    pass,
    receive: async (name: InboxName) =>
      queues
        .receive(name, 10, clock().getTime(), hiddenUntil())
        .map(({ id, ...message }) => ({ ...message, handle: String(id) })),
    put: async (queue: InboxName, body: string) =>
      queues.send([{ queue, body, eventId: 'none', eventType: 'none', visibleAt: 0 }]),
    done: async ({ handle }: Delivery) => queues.delete([Number(handle)]),
    failed: async (name: InboxName, { handle }: Delivery, error: string) =>
      queues.fail(Number(handle), error, inboxes[name].maxReceiveCount, hiddenUntil()),
    visibleAgain: async () => pass(VISIBILITY_MILLISECONDS),
  }
}

ledgerContract('in SQLite', async () => sqlite())
ledgerPagesContract('in SQLite', async () => sqlite())
accessRowsContract('in SQLite', async () => sqlite())
storedRowsContract('in SQLite', async () => sqlite())
authorizerCallersContract('in SQLite', async () => sqlite())
keyRingContract('in SQLite', async () => sqlite())
keyRingContract('of a consumer in SQLite', async () => {
  const { consumerKeyRings, ...services } = sqlite()
  return { ...services, keyRing: consumerKeyRings('con_1') }
})
pipelineContract('in SQLite', road)
webhookDeliveriesContract('in SQLite', async () => {
  const { receive, failed, pass, ...services } = await road()
  return {
    ...services,
    receive: () => receive('DeliverToWebhooks'),
    failed: (delivery) => failed('DeliverToWebhooks', delivery, 'the receiver answered 500'),
    pass: async (seconds) => pass(seconds * 1_000),
  }
})

rotationContract('in SQLite', async () => {
  const services = sqlite()
  const rotate = makeRotation(services)
  return {
    step: (Step, ClientRequestToken) =>
      rotate({ Step, ClientRequestToken, SecretId: 'the ring' }).then(
        () => undefined,
        (error: Error) => error.message,
      ),
    kids: async () => (await readKeyRing(services)).keys.map(({ kid }) => kid),
  }
})

/** What the tables say, and not the adapter that wrote them. */
const gatewayKeys = async (): Promise<KeyStore> => {
  const database = openDatabase(':memory:')
  const told = async () => {
    const rows = database.all('SELECT body FROM gateway_plan').map(({ body }) => JSON.parse(String(body)))
    const plans = (rows as readonly GatewayPlan[]).map(({ name, stages, quota, throttle }) => ({
      name,
      stages: stages.map(({ gatewayId, stage }) => `${gatewayId}/${stage}`),
      quota,
      throttle,
    }))
    const members = database.all('SELECT key, plan FROM gateway_membership ORDER BY key, plan')
    const names = [...new Set(members.map(({ key }) => String(key)))]
    const plansOf = (name: string) => members.flatMap(({ key, plan }) => (key === name ? [String(plan)] : []))
    return { plans, keys: Object.fromEntries(names.map((name) => [name, plansOf(name)])) }
  }
  return { gatewayKeys: sqliteGatewayKeys(database), enforced: told, close: async () => database.close() }
}
gatewayKeysContract('in SQLite', gatewayKeys)
