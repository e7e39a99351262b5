import { rotateNow } from '@countersign/functions/runtime/rotating'
import { deploy, grantConsumer, publish, register } from './asking.ts'
import type { Bug } from './bugs.ts'
import { createChecks } from './checks.ts'
import { type Command, ROUTE_NAMES, SLOTS } from './commands.ts'
import type { Operation } from './operations.ts'
import { ask, deliverOnce, perform, relayOnce } from './perform.ts'
import { afflictStore } from './planted.ts'
import { checkQuiet } from './quiet.ts'
import type { Invariant, Violation } from './violation.ts'
import { createWorld, type World } from './world.ts'

export interface Found {
  readonly invariant: Invariant
  readonly detail: string
  /** The operation after which it did not hold; as many as there are: when all was quiet. */
  readonly step: number
}

/** Plays the operations from the beginning, and says what did not hold first; `undefined` when everything held. */
export const play = async (
  seed: number,
  operations: readonly Operation[],
  bug?: Bug,
): Promise<Found | undefined> => {
  const world = createWorld(seed, bug)
  try {
    const check = createChecks(world)
    await begin(world)
    for (const [step, operation] of operations.entries()) {
      await perform(world, operation)
      await afflictStore(world.store, world.now, bug)
      await check()
      const found = foundIn(world.violations, step)
      if (found) return found
    }
    await checkQuiet(world)
    return foundIn(world.violations, operations.length)
  } finally {
    world.store.close()
  }
}

const foundIn = ([first]: readonly Violation[], step: number): Found | undefined =>
  first && { invariant: first.invariant, detail: first.message, step }

/** A first key, two consumers, one that signs for itself, and an API behind each gateway. */
const begin = async (world: World): Promise<void> => {
  const [operator] = world.operators
  if (!operator) return
  const cause = { actor: 'bootstrap', correlationId: 'begin', now: operator.clock() }
  await rotateNow(operator, '00000000-0000-4000-8000-000000000000', cause)
  const commands: readonly (() => Command)[] = [
    () => register(world, false),
    () => register(world, false),
    () => register(world, true),
    ...SLOTS.flatMap((_, slot) => [() => publish(slot, 0), () => deploy(slot)]),
  ]
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
  for (let count = 0; count < 3; count++) await relayOnce(world, undefined)
  for (let count = 0; count < 20; count++) await deliverOnce(world, undefined)
  if (world.oracle.consumers.length !== 2 || ROUTE_NAMES.length === 0) throw new Error('it did not begin')
}
