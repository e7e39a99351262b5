import { rotateNow } from '@countersign/functions/runtime/rotating'
import { beginKeys, KEYED } from './api-keys.ts'
import { deploy, publish } from './asking.ts'
import { grantConsumer, register } from './asking-consumers.ts'
import { changeRules, noRules } from './asking-people.ts'
import type { Bug } from './bugs.ts'
import { type Command, HUB_SLOT, ROUTE_NAMES, SLOTS } from './commands.ts'
import { sayByHub } from './hub.ts'
import { advance, ask } from './perform.ts'
import { drain } from './quiet.ts'
import { beginSeals } from './seals.ts'
import { type Beginning, createWorld, type World } from './world.ts'

let first: Promise<Beginning> | undefined

/** Played once, and copied for every story. */
export const beginning = (): Promise<Beginning> => (first ??= begun())

const begun = async (): Promise<Beginning> => {
  const world = await beginWith(0, undefined)
  const { now, relay, store, oracle, keys, secrets, hub } = world
  const kept = {
    now,
    position: relay.position,
    stored: store.stored(),
    known: oracle.known,
    keys: keys.known,
    hub: hub.last,
    secrets,
  }
  store.close()
  return kept
}

/** With a defect from the first command on. */
export const beginWith = async (seed: number, bug: Bug | undefined): Promise<World> => {
  const world = createWorld(seed, bug)
  await begin(world)
  return world
}

/** A first key, two consumers, one that signs for itself, and an API behind each gateway. */
const begin = async (world: World): Promise<void> => {
  const [operator] = world.operators
  if (!operator) return
  const cause = { actor: 'bootstrap', correlationId: 'begin', now: operator.clock() }
  await rotateNow(operator, '00000000-0000-4000-8000-000000000000', cause)
  world.oracle.acknowledge(
    SLOTS.flatMap((_, slot) => noRules(slot)),
    world.oracle.begin([], []),
    world.now,
  )
  const commands: readonly (() => Command)[] = [
    () => register(world, false),
    () => register(world, false),
    () => register(world, true),
    ...SLOTS.flatMap((_, slot) => (slot === HUB_SLOT ? [] : [() => publish(slot, 0), () => deploy(slot)])),
    ...SLOTS.map((_, slot) => () => changeRules(slot, 0)),
    ...KEYED,
  ]
  await beginKeys(world, operator)
  await beginSeals(world, operator)
  sayByHub(world, 0, false)
  await drain(world)
  for (const [index, command] of commands.entries())
    await ask(
      world,
      { ...command(), key: `begin-${index}`, askedAt: world.now, first: undefined },
      { pick: 0 },
    )
  for (const { consumerId } of world.oracle.signers) {
    const nothing = grantConsumer(consumerId, 0, 0)
    world.oracle.acknowledge(nothing.refuses ?? [], world.oracle.begin([], []), world.now)
  }
  await drain(world)
  // Everybody has had an occasion to see the key that seals.
  advance(world, 60_000)
  if (world.oracle.consumers.length !== 2 || ROUTE_NAMES.length === 0) throw new Error('it did not begin')
}
