import type { PlatformOptions } from '@countersign/local'
import { done, startWorld } from '../support/world.ts'
import { housingIn, TENANCY } from './housing.ts'
import { serve } from './server-process.ts'

/**
 * The whole platform: SQLite on disk, the emulation, the real authorizer. `upstream`: what is let through goes on to the
 * example upstream over HTTP; else it is answered in the process, as a server that is no gateway does. Neither server
 * prints what it did.
 */
const integrate: PlatformOptions['integrate'] = async ({ method, path }, { consumer }) => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ message: 'The example upstream says hello.', method, path, caller: consumer }),
})

const answering = process.argv.includes('upstream') ? {} : { integrate }
const { world, issue } = await housingIn(await startWorld({ ...answering, log: () => {} }))
const { id, token } = await issue()
await world.settled()
serve(
  { origin: world.gateway, path: TENANCY, token },
  async () => done(await world.client.tokens.revoke(id, { reason: 'compromised' })),
  () => world.stop(),
)
