import type { Scene } from '@countersign/demo'
import { openEmulatorWorld } from './world.ts'

/** The demo's story on the system as deployed to AWS, in an emulator that goes when the story is told. */
export const onTheEmulator = async (): Promise<Scene> => {
  const world = await openEmulatorWorld()
  return {
    client: world.client,
    gateway: world.gateway,
    publish: (publication) => world.publishHubEvent('api-hub.api-published', publication),
    close: world.stop,
  }
}
