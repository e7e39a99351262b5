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

const LIMIT_MILLISECONDS = 200_000

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
export const bootstrap = async (
  { endpoint }: Pick<Emulator, 'endpoint'>,
  { outputs }: Deployment,
  credentialFile: string,
): Promise<void> => {
  const work = await mkdtemp(join(tmpdir(), 'countersign-bootstrap-'))
  try {
    await writeFile(join(work, 'outputs.json'), JSON.stringify(outputs))
    const program = join(ROOT, 'packages/functions/src/deployment/bootstrap-program.ts')
    await node([program, join(work, 'outputs.json'), credentialFile], credentialsFor(endpoint))
  } finally {
    await rm(work, { recursive: true, force: true })
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
  await run(process.execPath, ['--max-old-space-size=1024', ...words], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    timeout: LIMIT_MILLISECONDS,
  }).catch((error: Error & { readonly stderr?: string }) => {
    throw new Error(error.stderr?.trim() || error.message, { cause: error })
  })
}
