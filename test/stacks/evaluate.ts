import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { alone } from '../support/alone.ts'
import type { Evaluation } from './evaluation.ts'

const run = promisify(execFile)

export const ROOT = join(import.meta.dirname, '../..')
const NODE = join(ROOT, 'node_modules/.bin/node')
const STATE = join(ROOT, '.sst')
const PLATFORM = join(STATE, 'platform')
const INSTALLED = join(STATE, 'installed')
const KEPT = join(STATE, 'evaluations')

const LIMIT_MILLISECONDS = 300_000
const LIMIT_MEGABYTES = 1_024

/** Everything an evaluation follows from. */
const SOURCES = [
  'sst.config.ts',
  'stacks',
  'packages/topology/src',
  'test/stacks/evaluate-program.ts',
  'test/stacks/program.ts',
  'test/stacks/pretend-aws.ts',
  'pnpm-lock.yaml',
]

/** What the processes here may see of the environment: nothing that could change the graph. */
const environment = (settings: Settings = {}): NodeJS.ProcessEnv => ({
  ...settings,
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  SST_SKIP_DEPENDENCY_CHECK: '1',
  SST_NO_BUN: '1',
  SST_TELEMETRY_DISABLED: '1',
})

const textOf = (file: string) => readFile(file, 'utf8').catch(() => '')

const versionOf = async (): Promise<string> =>
  (JSON.parse(await readFile(join(ROOT, 'node_modules/sst/package.json'), 'utf8')) as { version: string })
    .version

/** Said once all of it was there. A version in the platform's own folder is there long before the last package is. */
const isInstalled = async (version: string): Promise<boolean> => {
  const platform = await stat(join(PLATFORM, 'node_modules')).catch(() => undefined)
  return platform !== undefined && (await textOf(INSTALLED)) === version
}

/** SST's components and Pulumi's providers, as `sst deploy` would have them; from the npm registry, once per version. */
export const installPlatform = async (): Promise<void> => {
  const version = await versionOf()
  if (await isInstalled(version)) return
  await alone(lockOf('install'), async () => {
    if (await isInstalled(version)) return
    await run(join(ROOT, 'node_modules/.bin/sst'), ['install', '--stage', 'test'], {
      cwd: ROOT,
      // Its npm needs the registry that this machine is set up with.
      env: { ...process.env, ...environment() },
      timeout: 2 * LIMIT_MILLISECONDS,
    })
    await writeFile(INSTALLED, version)
  })
}

const lockOf = (what: string) => join(STATE, `${what}.lock`)

const filesOf = async (source: string): Promise<string[]> => {
  const path = join(ROOT, source)
  if ((await stat(path)).isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

const fingerprint = async (stage: string, settings: Settings): Promise<string> => {
  const hash = createHash('sha256').update(stage).update(JSON.stringify(settings))
  for (const file of (await Promise.all(SOURCES.map(filesOf))).flat())
    hash.update(file).update(await readFile(file))
  return hash.digest('hex').slice(0, 24)
}

const evaluateNow = async (stage: string, settings: Settings): Promise<Evaluation> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-stacks-'))
  try {
    const program = join(import.meta.dirname, 'evaluate-program.ts')
    await run(NODE, [`--max-old-space-size=${LIMIT_MEGABYTES}`, program, stage, folder], {
      cwd: ROOT,
      env: environment(settings),
      timeout: LIMIT_MILLISECONDS,
    })
    // Written by that program, whose output is typed.
    return JSON.parse(await textOf(join(folder, 'evaluation.json'))) as Evaluation
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `COUNTERSIGN_…` of whoever deploys. */
export type Settings = Readonly<Record<string, string>>

interface Kept {
  readonly from: string
  readonly evaluation: Evaluation
}

/**
 * The graph of resources that `sst deploy --stage STAGE` would ask for. The real components run, offline; an evaluation
 * is kept for as long as nothing that it follows from changes.
 */
export const evaluate = async (stage: string, settings: Settings = {}): Promise<Evaluation> => {
  await installPlatform()
  const from = await fingerprint(stage, settings)
  const name = [stage, ...Object.keys(settings)].join('-')
  const file = join(KEPT, `${name}.json`)
  return alone(lockOf(`evaluate-${name}`), async () => {
    const kept = JSON.parse((await textOf(file)) || '{}') as Partial<Kept>
    if (kept.evaluation && kept.from === from) return kept.evaluation
    const evaluation = await evaluateNow(stage, settings)
    await mkdir(KEPT, { recursive: true })
    await writeFile(file, JSON.stringify({ from, evaluation } satisfies Kept))
    return evaluation
  })
}
