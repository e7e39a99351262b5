import type { EventOf } from '@countersign/core/events'
import type { Services } from '@countersign/functions/runtime/services'
import { make as relay } from '@countersign/functions/streams/relay'
import { make as projectAccess } from '@countersign/functions/subscribers/project-access'
import { make as provisionUsagePlan } from '@countersign/functions/subscribers/provision-usage-plan'
import { make as registerPublishedApi } from '@countersign/functions/subscribers/register-published-api'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { polled, streamed } from '../acceptance/one-machine.ts'
import { shuffled } from '../property/seed.ts'
import { gatewayWasTold } from './api-keys.ts'
import { heardByHub } from './hub.ts'
import { type Fate, taken } from './operations.ts'
import { afflictMessage, afflictProvisioner } from './planted.ts'
import type { Queue } from './store.ts'
import { crossing, keep, startTask, Weather } from './task.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000
const VISIBILITY_MILLISECONDS = 30_000

/** Less patient than the topology's five, so that stories have dead letters in them. */
const MOST_RECEIVES = 1
const BATCH = 20

/** Of the few calls that a batch takes; its ports fail it more often than they keep it waiting. */
const early = (fate: Fate | undefined): Fate | undefined =>
  fate && { ...fate, at: fate.at % 3, how: fate.how === 'park' && fate.at > 1 ? 'fail' : fate.how }

/** One batch of the stream; it has one reader. */
export const relayOnce = async (world: World, fate: Fate | undefined): Promise<void> => {
  const { relay: stream, store } = world
  if (stream.task && world.parked.has(stream.task)) return
  const rows = store.streamAfter(stream.position, BATCH)
  if (rows.length === 0) return
  const move = (to: number) => {
    stream.position = to
  }
  const last = rows.at(-1)?.sequence ?? stream.position
  stream.task = await startTask(
    { name: 'relay', fate: early(fate), limit: MAX_TASK_MILLISECONDS, now: world.now },
    async () => {
      if (world.bug === 'the relay moves on before it has published') move(last)
      const events = rows.map(({ body }) => JSON.parse(body) as EventOf)
      const { batchItemFailures } = await relay(world.projector)(streamed(events)).catch(weathered)
      if (batchItemFailures.length === 0) await crossing(() => move(last))
    },
  ).catch(() => undefined)
  if (stream.task) keep(world, stream.task)
}

const weathered = (error: unknown) => {
  if (error instanceof Weather) return { batchItemFailures: [{ itemIdentifier: 'all' }] }
  throw error
}

const HANDLERS = {
  ProjectAccess: projectAccess,
  RegisterPublishedApi: registerPublishedApi,
  ProvisionUsagePlan: provisionUsagePlan,
} as const satisfies Record<Queue, (services: Services) => (event: SQSEvent) => Promise<SQSBatchResponse>>

/** A few messages of a queue, in any order; a process that dies leaves them to come again. */
export const deliverOnce = async (
  world: World,
  { pick, fate }: { readonly pick: number; readonly fate?: Fate | undefined },
  atOnce = 2,
): Promise<boolean> => {
  const { store, chance, now } = world
  const queue = taken(store.waiting(now), pick)
  if (queue === undefined) return false
  const most = 1 + Math.floor(chance() * atOnce)
  const mix = <T>(waiting: readonly T[]) => shuffled(chance, waiting)
  const batch = store.queues.receive(queue, most, now, now + VISIBILITY_MILLISECONDS, mix)
  const begun = beginBatch(world, queue)
  const start = {
    name: 'deliver',
    fate: queue === 'ProvisionUsagePlan' ? fate : early(fate),
    limit: MAX_TASK_MILLISECONDS,
    now,
    ended: begun.ended,
  }
  keep(world, await startTask(start, () => handleBatch(world, queue, batch, begun)))
  return true
}

type Told = { readonly detail: EventOf }
type Batch = ReturnType<World['store']['queues']['receive']>

/** Who provisions a gateway beside another may write what it read before: until then nothing is sure. */
const beginBatch = ({ provisioning, oracle }: World, queue: Queue) => {
  const self = {}
  const alone = provisioning.size === 0
  if (queue === 'ProvisionUsagePlan') provisioning.add(self)
  return { alone, at: oracle.begin([], []), ended: () => void provisioning.delete(self) }
}

const handleBatch = async (
  world: World,
  queue: Queue,
  batch: Batch,
  begun: ReturnType<typeof beginBatch>,
): Promise<void> => {
  const { queues } = world.store
  if (world.bug === 'messages are deleted before they are handled') queues.delete(batch.map(({ id }) => id))
  const given = batch.map(({ id, body }) => ({ id, body: afflictMessage(body, world.now, world.bug) }))
  const { batchItemFailures } = await HANDLERS[queue](afflictProvisioner(world.projector, world.bug))(
    polled(given),
  )
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier)))
  const done = batch.filter(({ id }) => !failed.has(id))
  if (queue === 'RegisterPublishedApi') for (const { body } of done) heardByHub(world, body)
  if (queue === 'ProvisionUsagePlan' && begun.alone)
    for (const { body } of done) gatewayWasTold(world, (JSON.parse(body) as Told).detail.subject, begun.at)
  await crossing(() => queues.delete(done.map(({ id }) => id))).catch(() => {})
  for (const id of failed) queues.fail(id, 'failed', MOST_RECEIVES, world.now + VISIBILITY_MILLISECONDS)
}
