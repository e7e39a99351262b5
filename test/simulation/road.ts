import type { EventOf } from '@countersign/core/events'
import { make as relay } from '@countersign/functions/streams/relay'
import { make as projectAccess } from '@countersign/functions/subscribers/project-access'
import { polled, streamed } from '../acceptance/one-machine.ts'
import { shuffled } from '../property/seed.ts'
import type { Fate } from './operations.ts'
import { QUEUE } from './store.ts'
import { crossing, keep, startTask, Weather } from './task.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000
const VISIBILITY_MILLISECONDS = 30_000

/** Less patient than the topology's five, so that stories have dead letters in them. */
const MOST_RECEIVES = 1
const BATCH = 20

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
    { name: 'relay', fate, limit: MAX_TASK_MILLISECONDS, now: world.now },
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

/** A few messages of the queue, in any order; a process that dies leaves them to come again. */
export const deliverOnce = async (world: World, fate: Fate | undefined, atOnce = 2): Promise<boolean> => {
  const { store, chance } = world
  const most = 1 + Math.floor(chance() * atOnce)
  const pick = <T>(waiting: readonly T[]) => shuffled(chance, waiting)
  const batch = store.queues.receive(QUEUE, most, world.now, world.now + VISIBILITY_MILLISECONDS, pick)
  if (batch.length === 0) return false
  const handle = projectAccess(world.projector)
  const task = await startTask(
    { name: 'deliver', fate, limit: MAX_TASK_MILLISECONDS, now: world.now },
    async () => {
      if (world.bug === 'messages are deleted before they are handled')
        store.queues.delete(batch.map(({ id }) => id))
      const { batchItemFailures } = await handle(polled(batch))
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => Number(itemIdentifier)))
      await crossing(() =>
        store.queues.delete(batch.map(({ id }) => id).filter((id) => !failed.has(id))),
      ).catch(() => {})
      for (const id of failed)
        store.queues.fail(id, 'failed', MOST_RECEIVES, world.now + VISIBILITY_MILLISECONDS)
    },
  )
  keep(world, task)
  return true
}
