import { Audit, type Seal, type SealPart } from '@countersign/core/audit'
import type { EventOf } from '@countersign/core/events'
import { SigningKey } from '@countersign/core/signing-key'
import { ensureSealKey, readSealKeys } from '@countersign/functions/runtime/seal-keys'
import { sealDays } from '@countersign/functions/runtime/sealing'
import type { Services } from '@countersign/functions/runtime/services'
import { type Operation, taken } from './operations.ts'
import { keep, startTask } from './task.ts'
import type { Violate } from './violation.ts'
import type { World } from './world.ts'

const MAX_TASK_MILLISECONDS = 30_000
/** Days that one run seals. */
const MOST_AT_ONCE = 31

/** The days that were sealed, of the log alone: one after the other, each once. */
export const createSealWatch = (violate: Violate) => {
  const days: string[] = []
  return {
    days,
    told: ({ type, data }: EventOf): void => {
      if (type !== 'audit.day-sealed') return
      const last = days.at(-1)
      if (last !== undefined && data.day !== Audit.dayAfter(last))
        violate('sealed-for-good', `${data.day} is sealed after ${last}`)
      days.push(data.day)
    },
  }
}

export const beginSeals = async ({ secrets }: World, services: Services): Promise<void> => {
  await ensureSealKey(services)
  for (const { secret } of (await readSealKeys(services)).keys) secrets.add(secret.reveal())
}

/** Seals the days that are over, as the schedule does. */
export const seal = async (world: World, { pick, fate }: Pick<Operation, 'pick' | 'fate'>): Promise<void> => {
  const services = taken(world.operators, pick)
  if (!services || (await world.store.ports.sealKeys.current()) === undefined) return
  const start = { name: 'seal', fate, limit: MAX_TASK_MILLISECONDS, now: world.now }
  keep(world, await startTask(start, () => sealDays(services, MOST_AT_ONCE)))
}

/** In a story with seals: every event of a sealed day is as it was, in one seal, and each seal holds on to the one before. */
export const checkSeals = async (world: World): Promise<void> => {
  if (world.seals.days.length === 0) return
  await seal(world, { pick: 0 })
  const seals = await readSeals(world)
  const events = world.store.events().flatMap((event) => Audit.linkOf(event) ?? [])
  for (const { fault, entity, detail } of [
    ...Audit.faultsOfSeals(seals),
    ...Audit.faultsUnderSeals(seals, events),
  ])
    world.violate('sealed-for-good', `${fault} ${entity}: ${detail}`)
  const leaves = seals.flatMap((one) => one.leaves)
  if (new Set(leaves.map(({ hash }) => hash)).size < leaves.length)
    world.violate('sealed-for-good', 'an event is in two seals')
}

const readSeals = async (world: World) => {
  const { ledger, sealKeys } = world.store.ports
  const published = SigningKey.publicKeysOf(await readSealKeys({ sealKeys }))
  const loaded = world.seals.days.map(async (day) => {
    const { state } = await ledger.load<Seal>('seal', Audit.sealIdOf(day))
    const read = Audit.readSeal(state?.seal ?? '', published)
    if (!read.ok) world.violate('sealed-for-good', `the seal of ${day}: ${read.error}`)
    const parts = Array.from({ length: state?.parts ?? 0 }, (_, index) =>
      ledger.load<SealPart>('seal-part', Audit.partIdOf(day, index)),
    )
    const leaves = (await Promise.all(parts)).flatMap((part) => part.state?.leaves ?? [])
    return read.ok && state ? [{ claims: read.value, seal: state.seal, leaves }] : []
  })
  return (await Promise.all(loaded)).flat()
}
