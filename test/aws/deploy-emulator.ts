/** `pnpm deploy:emulator`: the system as deployed to AWS, in an emulator that runs until it is stopped. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../stacks/evaluate.ts'
import { ACCOUNT, findPython, NO_PYTHON, REGION } from './emulator.ts'
import { openEmulatorWorld } from './world.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

const HELP = `Deploys the SST program into an emulator of AWS on this machine and keeps it running.

  --port N   the emulator's port (any that is free unless given)`

const start = async (port: number | undefined) => {
  if (!(await findPython())) throw new Error(NO_PYTHON)
  say('Deploying into an emulator of AWS …')
  const begun = performance.now()
  const credentialFile = join(ROOT, '.countersign/emulator.token')
  const variables = { RING_REFRESH_SECONDS: '60' } // as it would be deployed
  const world = await openEmulatorWorld({ credentialFile, variables, ...(port !== undefined && { port }) })
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1)
  say(`
  ${world.deployment.resources.length} resources in ${seconds} s

  AWS          ${world.emulator.endpoint} (account ${ACCOUNT}, region ${REGION}; AWS_ENDPOINT_URL for any SDK)
  HTTP API     ${world.api}
  API Gateway  ${world.gateway}/{gatewayId}/{stage}/{path}; the APIs abc123 and def456 have the authorizer attached
  Bus          ${world.deployment.outputs.bus}
  Credential   .countersign/emulator.token (the operator's bearer token; only you can read it)

Try next, in another terminal:

  export COUNTERSIGN_ENDPOINT=${world.api}
  export COUNTERSIGN_GATEWAY=${world.gateway}
  export COUNTERSIGN_CREDENTIAL=.countersign/emulator.token
  npx -y pnpm@12 countersign apis publish examples/tenancies.yaml --environment staging \\
    --gateway-id abc123 --stage staging --account 111111111111
  npx -y pnpm@12 countersign pipeline

Ctrl-C stops it, and nothing stays.
`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.prependListener(signal, () => {
      say('\nStopping …')
      rmSync(credentialFile, { force: true })
      process.exit(0) // which ends the emulator too
    })
  setInterval(() => {}, 2 ** 30) // until a signal
}

try {
  const { values } = parseArgs({ options: { port: { type: 'string' }, help: { type: 'boolean' } } })
  if (values.help) say(HELP)
  else await start(values.port === undefined ? undefined : Number(values.port))
} catch (error) {
  process.stderr.write(`countersign: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
