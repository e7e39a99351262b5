import { make as rotateKeyRing } from '@countersign/functions/rotation/rotate-key-ring'
import { make as advanceSigningKeys } from '@countersign/functions/schedules/advance-signing-keys'
import { remindSome } from '@countersign/functions/schedules/remind-of-expiry'
import { make as retireApiKeys } from '@countersign/functions/schedules/retire-api-keys'
import { sweepSome } from '@countersign/functions/schedules/sweep-revoked-sets'
import { type Operation, taken } from './operations.ts'
import { afflictReminder, afflictSweeper } from './planted.ts'
import { keep, startTask } from './task.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000
const BRIEF_MILLISECONDS = 1_000
const MOST_SWEPT = 200
const MOST_REMINDED = 200
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const

/** As Secrets Manager does: one step after the other, repeated when it failed, and a new rotation when one is given up. */
export const rotationStep = async (world: World, { pick, salt, fate }: Operation): Promise<void> => {
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

type Run = Pick<Operation, 'pick' | 'fate'>

/** Of every set, each token by itself; and off the fence with a set of which none is left. */
export const sweepSets = async (world: World, { pick, fate }: Run): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const work = async () => sweepSome(afflictSweeper(services, world.bug), MOST_SWEPT)
  keep(
    world,
    await startTask({ name: 'sweep sets', fate, limit: MAX_TASK_MILLISECONDS, now: world.now }, work),
  )
}

export const schedule = async (world: World, { pick, fate }: Operation): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const limit = BRIEF_MILLISECONDS
  const task = await startTask({ name: 'schedule', fate, limit, now: world.now }, () =>
    advanceSigningKeys(services)().catch(() => {}),
  )
  keep(world, task)
}

/** Says of rotated API keys that the time of the value before is over. */
export const retireKeys = async (world: World, { pick, fate }: Run): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const start = { name: 'retire keys', fate, limit: MAX_TASK_MILLISECONDS, now: world.now }
  keep(world, await startTask(start, retireApiKeys(services)))
}

/** Says of tokens that they end soon. */
export const remind = async (world: World, { pick, fate }: Run): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services) return
  const work = async () => remindSome(afflictReminder(services, world.bug), MOST_REMINDED)
  keep(world, await startTask({ name: 'remind', fate, limit: MAX_TASK_MILLISECONDS, now: world.now }, work))
}
