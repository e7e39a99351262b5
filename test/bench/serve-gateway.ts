import type { PlatformOptions } from '@countersign/local'
import { done } from '../support/world.ts'
import { startHousing, TENANCY } from './housing.ts'
import { serve } from './server-process.ts'

/**
 * The whole platform: SQLite on disk, the emulation, the real authorizer. `upstream`: what is let through goes on to the
 * example upstream over HTTP; else it is answered in the process, as a server that is no gateway does.
 */
const integrate: PlatformOptions['integrate'] = async ({ method, path }, { consumer }) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: 'The example upstream says hello.', method, path, caller: consumer }),
})

const { world, issue } = await startHousing(process.argv.includes('upstream') ? {} : { integrate })
const { id, token } = await issue()
await world.settled()
serve(
  { origin: world.gateway, path: TENANCY, token },
  async () => done(await world.client.tokens.revoke(id, { reason: 'compromised' })),
  () => world.stop(),
)
