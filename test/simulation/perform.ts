import type { EventOf } from '@countersign/core/events'
import { make as rotateKeyRing } from '@countersign/functions/rotation/rotate-key-ring'
import { make as advanceSigningKeys } from '@countersign/functions/schedules/advance-signing-keys'
import { sweepSome } from '@countersign/functions/schedules/sweep-revoked-sets'
import { make as relay } from '@countersign/functions/streams/relay'
import { make as projectAccess } from '@countersign/functions/subscribers/project-access'
import { polled, streamed } from '../acceptance/one-machine.ts'
import { randomOf, shuffled } from '../property/seed.ts'
import { commandOf, isRepeatable } from './asking.ts'
import { authorize } from './authorizing.ts'
import { authorizeOwn, authorizeSession } from './authorizing-others.ts'
import { type KnownCommand, send } from './commands.ts'
import { changeDirectory, refresh } from './membership.ts'
import { type Fate, type Operation, taken } from './operations.ts'
import { afflictSweeper } from './planted.ts'
import { QUEUE } from './store.ts'
import { crossing, keep, kill, settled, startTask, Weather } from './task.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000
const BRIEF_MILLISECONDS = 1_000
const VISIBILITY_MILLISECONDS = 30_000

/** Less patient than the topology's five, so that stories have dead letters in them. */
const MOST_RECEIVES = 1
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
const ADVANCES = [
  50, 300, 900, 1_000, 2_000, 3_000, 6_000, 15_000, 31_000, 31_000, 70_000, 70_000, 130_000, 300_000,
  10_800_000, 10_800_000, 86_400_000, 1_728_000_000,
]

/** Does the operation, as far as its process gets. */
export const perform = async (world: World, operation: Operation): Promise<void> => {
  const { kind, pick, salt, fate } = operation
  world.chance = randomOf(salt)
  world.now += 1 + (salt % 40)
  switch (kind) {
    case 'authorize':
      return authorize(world, operation)
    case 'authorizeOwn':
      return authorizeOwn(world, operation)
    case 'authorizeSession':
      return authorizeSession(world, operation)
    case 'directory':
      return changeDirectory(world, operation)
    case 'refresh':
      return refresh(world, operation)
    case 'sweepSets':
      return sweepSets(world, operation)
    case 'continue':
      return letContinue(world, pick)
    case 'advance':
      return advance(world, taken(ADVANCES, pick) ?? 0)
    case 'relay':
      return relayOnce(world, early(fate))
    case 'deliver':
      await deliverOnce(world, early(fate))
      return
    case 'rotationStep':
      return rotationStep(world, operation)
    case 'schedule':
      return schedule(world, operation)
    case 'restart':
      return restart(world, pick)
    case 'sweep':
      return world.store.sweep(world.now)
    case 'repeat':
      return repeat(world, operation)
    default: {
      const asked = commandOf(world, operation)
      if (!asked) return
      const command: KnownCommand = { ...asked, key: `key-${salt}`, askedAt: world.now, first: undefined }
      world.oracle.commands.push(command)
      return ask(world, command, operation)
    }
  }
}

/** Of the few calls that a batch takes; its ports fail it more often than they keep it waiting. */
const early = (fate: Fate | undefined): Fate | undefined =>
  fate && { ...fate, at: fate.at % 3, how: fate.how === 'park' && fate.at > 1 ? 'fail' : fate.how }

/** Sends a command; what its acknowledgement says is known from then on. */
export const ask = async (
  world: World,
  command: KnownCommand,
  { pick, fate }: Pick<Operation, 'pick' | 'fate'>,
  repeated = false,
): Promise<void> => {
  const services = taken(world.operators, pick >> 4)
  if (!services) return
  const { oracle } = world
  const { refuses = [], undoes = [], terminal = false } = command
  const begun = oracle.begin(refuses, undoes)
  if (command.set) oracle.askSet(command.set.target, command.set.before)
  if (command.asksDirectory) world.asking.add(command)
  const ended = () => {
    oracle.end(undoes)
    world.asking.delete(command)
  }
  const limit = command.brief ? BRIEF_MILLISECONDS : MAX_TASK_MILLISECONDS
  const task = await startTask({ name: command.route, fate, limit, now: world.now, ended }, async () => {
    const { status, body } = await send(services, command)
    if (status >= 300) return
    if (command.first && differs(command.first, body))
      world.violate('repeated-never-doubled', `${command.route} was answered otherwise the second time`)
    command.first ??= body
    if (terminal || !repeated)
      oracle.acknowledge([...refuses, ...(command.alsoRefuses?.(body) ?? [])], begun, world.now)
    if (refuses.length > 0 || command.set || command.alsoRefuses) world.checkAll = true
    command.learn?.(body)
  })
  keep(world, task)
}

/** What a caller holds on to: ids, and what it was shown once. */
const differs = (first: Readonly<Record<string, unknown>>, again: Readonly<Record<string, unknown>>) =>
  ['id', 'token', 'kid'].some((member) => first[member] !== again[member])

const repeat = async (world: World, operation: Operation): Promise<void> => {
  const lately = world.oracle.commands.filter(({ askedAt }) => isRepeatable(askedAt, world.now))
  const command = taken(lately, operation.other)
  if (command) await ask(world, command, operation, true)
}

const letContinue = async (world: World, pick: number): Promise<void> => {
  const task = taken([...world.parked], pick)
  if (!task) return
  task.release()
  await settled()
  forgetEnded(world)
}

export const forgetEnded = (world: World): void => {
  for (const task of world.parked)
    if (task.state === 'done' || task.state === 'dead') world.parked.delete(task)
}

/** Time passes for everybody; what stood still for longer than a function may is ended. */
export const advance = (world: World, milliseconds: number): void => {
  world.now += milliseconds
  for (const task of world.parked) if (world.now - task.parkedAt > task.limit) kill(task)
  forgetEnded(world)
}

const restart = (world: World, pick: number): void => {
  const index = pick % world.authorizers.length
  for (const task of world.authorizers[index]?.tasks ?? []) kill(task)
  world.authorizers[index] = world.warm(index)
  forgetEnded(world)
}

const BATCH = 20
const MOST_SWEPT = 200

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

/** As Secrets Manager does: one step after the other, repeated when it failed, and a new rotation when one is given up. */
const rotationStep = async (world: World, { pick, salt, fate }: Operation): Promise<void> => {
  const { rotation } = world
  if (rotation.step === 0 || pick % 11 === 0) {
    rotation.token = `00000000-0000-4000-8000-${String(salt).padStart(12, '0')}`
    rotation.step = 0
  }
  const Step = STEPS[rotation.step]
  const services = taken(world.operators, pick)
  if (!Step || !services) return
  const { token: ClientRequestToken } = rotation
  const limit = BRIEF_MILLISECONDS
  const task = await startTask({ name: Step, fate, limit, now: world.now }, async () => {
    const step = { Step, SecretId: 'KeyRing', ClientRequestToken }
    const refused = await rotateKeyRing(services)(step).then(
      () => false,
      () => true,
    )
    if (refused && Step !== 'createSecret') rotation.step = 0
    else if (!refused) rotation.step = (STEPS.indexOf(Step) + 1) % STEPS.length
  })
  keep(world, task)
}

/** Of every set, each token by itself; and off the fence with a set of which none is left. */
export const sweepSets = async (
  world: World,
  { pick, fate }: Pick<Operation, 'pick' | 'fate'>,
): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const work = async () => sweepSome(afflictSweeper(services, world.bug), MOST_SWEPT)
  keep(
    world,
    await startTask({ name: 'sweep sets', fate, limit: MAX_TASK_MILLISECONDS, now: world.now }, work),
  )
}

const schedule = async (world: World, { pick, fate }: Operation): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const limit = BRIEF_MILLISECONDS
  const task = await startTask({ name: 'schedule', fate, limit, now: world.now }, () =>
    advanceSigningKeys(services)().catch(() => {}),
  )
  keep(world, task)
}
