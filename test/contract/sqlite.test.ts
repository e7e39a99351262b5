import { LOCAL_ISSUER, localBus, localServices, openDatabase, sqliteQueues } from '@countersign/local'
import { subscriptions } from '@countersign/topology'
import { accessRowsContract } from './access-rows.ts'
import { authorizerCallersContract } from './authorizer-callers.ts'
import { NOW } from './changes.ts'
import { keyRingContract } from './key-ring.ts'
import { ledgerContract } from './ledger.ts'
import { ledgerPagesContract } from './ledger-pages.ts'
import { pipelineContract, type Road } from './pipeline.ts'

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
    committed: quiet,
    sent: quiet,
    unrelayed: () => 0,
  })
  return {
    ...services,
    queues,
    clock,
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

const road = async (): Promise<Road> => {
  const { queues, clock, pass, ...services } = sqlite()
  const hiddenUntil = () => clock().getTime() + VISIBILITY_MILLISECONDS
  return {
    ...services,
    receive: async (name) =>
      queues
        .receive(name, 10, clock().getTime(), hiddenUntil())
        .map(({ id, ...message }) => ({ ...message, handle: String(id) })),
    put: async (queue, body) =>
      queues.send([{ queue, body, eventId: 'none', eventType: 'none', visibleAt: 0 }]),
    done: async ({ handle }) => queues.delete([Number(handle)]),
    failed: async (name, { handle }, error) =>
      queues.fail(Number(handle), error, subscriptions[name].maxReceiveCount, hiddenUntil()),
    visibleAgain: async () => pass(VISIBILITY_MILLISECONDS),
  }
}

ledgerContract('in SQLite', async () => sqlite())
ledgerPagesContract('in SQLite', async () => sqlite())
accessRowsContract('in SQLite', async () => sqlite())
authorizerCallersContract('in SQLite', async () => sqlite())
keyRingContract('in SQLite', async () => sqlite())
pipelineContract('in SQLite', road)
