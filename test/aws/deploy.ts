import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Outputs } from '@countersign/functions/deployment/outputs'
import { installPlatform, ROOT } from '../stacks/evaluate.ts'
import type { Deployed } from './deployed.ts'
import { ACCOUNT, type Emulator, REGION } from './emulator.ts'

const run = promisify(execFile)

const LIMIT_MILLISECONDS = 400_000

export interface DeployOptions {
  readonly stage?: string
  /** `COUNTERSIGN_…` of whoever deploys. */
  readonly settings?: Readonly<Record<string, string>>
  /** Variables that every function gets beside its own. */
  readonly variables?: Readonly<Record<string, string>>
}

/** A deployment, and what it says of itself; its URL leads to the emulator. */
export interface Deployment extends Deployed {
  readonly outputs: Outputs
}

/** `sst deploy`, as far as an emulator can have it: the real program, each resource made over the wire. */
export const deploy = async (
  { endpoint }: Pick<Emulator, 'endpoint'>,
  { stage = 'local', variables = {}, settings = {} }: DeployOptions = {},
): Promise<Deployment> => {
  await installPlatform()
  const work = await mkdtemp(join(tmpdir(), 'countersign-deploy-'))
  try {
    const program = join(import.meta.dirname, 'deploy-program.ts')
    await node([program, endpoint, stage, work, JSON.stringify(variables)], {
      SST_SKIP_DEPENDENCY_CHECK: '1',
      SST_NO_BUN: '1',
      SST_TELEMETRY_DISABLED: '1',
      AWS_REGION: REGION,
      ...settings,
    })
    const deployed = JSON.parse(await readFile(join(work, 'deployed.json'), 'utf8')) as Deployment
    const { url, machines } = deployed.outputs
    const urls = {
      url: localised(url, endpoint),
      ...(machines && { machines: localised(machines, endpoint) }),
    }
    return { ...deployed, outputs: { ...deployed.outputs, ...urls } }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Where the emulator's API Gateway serves: `/{gatewayId}/{stage}/…` is appended to it. */
export const gatewayOf = (endpoint: string): string => `${endpoint}/_aws/execute-api`

/** SST composes the address of an API by hand. */
const localised = (url: string, endpoint: string): string =>
  url.replace(/^https:\/\/(\w+)\.execute-api\.[\w-]+\.amazonaws\.com/, `${gatewayOf(endpoint)}/$1`)

/** The bootstrap as `pnpm run deploy` runs it, with the credentials of whoever deploys. */
export const bootstrap = (
  emulator: Pick<Emulator, 'endpoint'>,
  deployment: Deployment,
  credentialFile: string,
) =>
  withOutputs(deployment, async (outputs) => {
    const program = 'packages/functions/src/deployment/bootstrap-program.ts'
    await node([join(ROOT, program), outputs, credentialFile], credentialsFor(emulator.endpoint))
  })

/** `countersign rebuild`, as an operator runs it: the rows that differ or were put right, and whether any is left. */
export const rebuild = (
  emulator: Pick<Emulator, 'endpoint'>,
  deployment: Deployment,
  mode: '--check' | '--write',
) =>
  withOutputs(deployment, async (outputs) => {
    const words = [join(ROOT, 'packages/cli/src/main.ts'), 'rebuild', mode, '--json', '--outputs', outputs]
    const env = { ...process.env, ...credentialsFor(emulator.endpoint) }
    const { code, stdout } = await run(process.execPath, words, { cwd: ROOT, env }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (failed: { readonly code: number; readonly stdout: string }) => failed,
    )
    const found = stdout.split('\n').filter((line) => line !== '')
    return { code, rows: found.map((line): string => JSON.parse(line).row) }
  })

const withOutputs = async <T>({ outputs }: Deployment, work: (file: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-outputs-'))
  try {
    const file = join(folder, 'outputs.json')
    await writeFile(file, JSON.stringify(outputs))
    return await work(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the SDK finds in its environment when the emulator is its AWS. */
export const credentialsFor = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: ACCOUNT,
  AWS_SECRET_ACCESS_KEY: 'test',
})

const node = async (
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<void> => {
  const { PATH = '', HOME = '' } = process.env
  // Pulumi keeps a stack of each of its thousands of promises: most of what a deployment takes, and nobody reads it here.
  await run(process.execPath, ['--max-old-space-size=1024', '--stack-trace-limit=3', ...words], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    timeout: LIMIT_MILLISECONDS,
  }).catch((error: Error & { readonly stderr?: string }) => {
    throw new Error(error.stderr?.trim() || error.message, { cause: error })
  })
}
