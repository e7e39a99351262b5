import { Audit, type Seal } from '@countersign/core/audit'
import { sealDays } from '@countersign/functions/runtime/sealing'
import { lastDueDay, registeredAt } from '../support/backdated.ts'
import type { EmulatorWorld } from './world.ts'

const MOST_DAYS = 31

/** A day with a seal over at least one event. */
export const sealedDay = async ({ services }: EmulatorWorld): Promise<string> => {
  const day = lastDueDay(services.clock())
  if (!(await services.ledger.load<Seal>('seal', Audit.sealIdOf(day))).state) {
    await registeredAt(services, Audit.startOfDay(day))
    await sealDays(services, MOST_DAYS)
  }
  return day
}

/** Takes the newest seal out of the table by hand, so that there is one to make. */
export const unseal = async (world: EmulatorWorld): Promise<void> => {
  const day = await sealedDay(world)
  const TableName = world.deployment.outputs.environment.LEDGER_TABLE
  for (const pk of [`seal#${Audit.sealIdOf(day)}`, `seal-part#${Audit.partIdOf(day, 0)}`])
    for (const sk of ['state', 'event#000000000001'])
      await world.wire.target('dynamodb', 'DeleteItem', {
        TableName,
        Key: { pk: { S: pk }, sk: { S: sk } },
      })
}
