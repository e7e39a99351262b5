import { setTimeout } from 'node:timers/promises'
import { writtenBy } from '../aws/levers.ts'
import { type EmulatorWorld, openEmulatorWorld } from '../aws/world.ts'
import { decidedIn, GATEWAY, type Housing, housingIn, OPEN_PATH } from './housing.ts'

/** On the system as deployed to AWS, in an emulator. */
export interface AwsHousing extends Housing {
  readonly world: EmulatorWorld
}

const LOOK_MILLISECONDS = 2

export const startAwsHousing = async (): Promise<AwsHousing> => {
  const world = await openEmulatorWorld({ variables: { RING_REFRESH_SECONDS: '60' } })
  try {
    await world.attach(GATEWAY, { openPath: OPEN_PATH })
    return {
      ...(await housingIn(world)),
      world,
      watch: looking,
      decisions: async (since) => (await writtenBy(world, 'Authorizer', since)).flatMap(decidedIn),
    }
  } catch (error) {
    await world.stop()
    throw error
  }
}

/** Nobody tells when a row was written there: it is looked for again and again. */
const looking: Housing['watch'] = (look) => {
  let goesOn = true
  const loop = async () => {
    while (goesOn) {
      await look()
      await setTimeout(LOOK_MILLISECONDS)
    }
  }
  void loop()
  return () => {
    goesOn = false
  }
}
