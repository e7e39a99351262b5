import { bootstrap as bootstrapInstallation } from '@countersign/functions/runtime/bootstrap'
import type { Services } from '@countersign/functions/runtime/services'
import { PLATFORM_COORDINATES } from '../server/platform-api.ts'

/** What a platform on one machine needs before anybody can call it; what is there already stays. */
export const bootstrap = (services: Services, credentialFile: string): Promise<void> =>
  bootstrapInstallation(services, {
    coordinates: PLATFORM_COORDINATES,
    environment: 'local',
    operator: 'Operator of this machine',
    credentialFile,
  })
