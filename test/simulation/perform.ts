import { randomOf } from '../property/seed.ts'
import { callWithKey } from './api-keys.ts'
import { commandOf, isRepeatable } from './asking.ts'
import { authorize } from './authorizing.ts'
import { authorizeOwn, authorizeSession } from './authorizing-others.ts'
import { HUB_SLOT, type KnownCommand, SLOTS, send } from './commands.ts'
import { sayByHub } from './hub.ts'
import { changeDirectory, refresh } from './membership.ts'
import { type Operation, taken } from './operations.ts'
import { deliverOnce, relayOnce } from './road.ts'
import { remind, retireKeys, rotationStep, schedule, sweepSets } from './schedules.ts'
import { seal } from './seals.ts'
import { keep, kill, settled, startTask } from './task.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000
const BRIEF_MILLISECONDS = 1_000
/** How far clocks differ, and the whole second that a set ends with. */
const DOUBT_SECONDS = 10
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
      return relayOnce(world, fate)
    case 'deliver':
      await deliverOnce(world, operation)
      return
    case 'rotationStep':
      return rotationStep(world, operation)
    case 'schedule':
      return schedule(world, operation)
    case 'seal':
      return seal(world, operation)
    case 'retireKeys':
      return retireKeys(world, operation)
    case 'callWithKey':
      return callWithKey(world, operation)
    case 'hub':
      return sayByHub(world, pick, operation.other % 5 < 2)
    case 'remind':
      return remind(world, operation)
    case 'restart':
      return restart(world, pick)
    case 'sweep':
      return world.store.sweep(world.now)
    case 'repeat':
      return repeat(world, operation)
    default: {
      if (isHubs(operation)) return sayByHub(world, pick, kind === 'deregister')
      const asked = commandOf(world, operation)
      if (!asked) return
      const command: KnownCommand = { ...asked, key: `key-${salt}`, askedAt: world.now, first: undefined }
      world.oracle.commands.push(command)
      return ask(world, command, operation)
    }
  }
}

const isHubs = ({ kind, other }: Operation): boolean =>
  (kind === 'publish' || kind === 'deploy' || kind === 'deregister') && other % SLOTS.length === HUB_SLOT

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
  if (command.set) oracle.askSet(command.set.target, command.set.before ?? world.seconds() + DOUBT_SECONDS)
  if (command.asksDirectory) world.asking.add(command)
  const ended = () => {
    oracle.end(refuses, undoes)
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
    if (command.lifts && !repeated) oracle.lift(undoes, begun)
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
