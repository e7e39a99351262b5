import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { build as esbuild, type Metafile, version } from 'esbuild'
import type { Build } from '../stacks/evaluation.ts'
import { alone } from '../support/alone.ts'
import { BUNDLING, FUNCTIONS } from '../support/bundling.ts'
import { CACHE } from './installed.ts'

const ROOT = join(import.meta.dirname, '../..')
const KEPT = join(CACHE, 'bundles')

const KNOWN = ['architecture', 'minify', 'splitting']

/** `Runtime.Build` of SST's command, for our functions: the answer that its components wait for. */
export const buildFunction = async (params: unknown, work: string) => {
  const asked = params as Build
  const unknown = Object.keys(asked.properties).filter((property) => !KNOWN.includes(property))
  if (unknown.length > 0) throw new Error(`nodejs.${unknown} of ${asked.functionID} is not covered`)
  if (Object.keys(asked.links).length > 0) throw new Error(`the links of ${asked.functionID} are not covered`)
  if (asked.runtime !== 'nodejs24.x') throw new Error(`the runtime ${asked.runtime} is not covered`)
  if (asked.properties.minify !== true) throw new Error(`${asked.functionID} is not minified`)
  if (asked.properties.splitting !== true) throw new Error(`${asked.functionID} is not split`)
  const extension = extname(asked.handler)
  const module = asked.handler.slice(0, -extension.length)
  if (!FUNCTIONS.has(module)) throw new Error(`${module} is not in the topology`)
  const out = join(work, 'functions', asked.functionID)
  await mkdir(out, { recursive: true })
  await cp(join(await bundles(), module), out, { recursive: true })
  return { out, handler: `bundle${extension}`, errors: [], sourcemaps: [] }
}

let made: Promise<string> | undefined

/** The folder with all bundles, from this process's first asking on. */
const bundles = (): Promise<string> => {
  made ??= freshBundles()
  return made
}

const freshBundles = async (): Promise<string> => {
  const key = createHash('sha256')
    .update(version)
    .update(JSON.stringify([BUNDLING, [...FUNCTIONS.keys()]]))
    .digest('hex')
    .slice(0, 24)
  const index = join(KEPT, `${key}.json`)
  // Deployments start side by side: one makes the bundles, the others find them.
  return alone(`${index}.lock`, async () => {
    const kept = existsSync(index) ? (JSON.parse(readFileSync(index, 'utf8')) as Kept) : undefined
    return kept && isFresh(kept) ? kept.folder : makeBundles(index)
  })
}

/** Which folder holds the bundles, and the digests of all that went into them. */
interface Kept {
  readonly folder: string
  readonly inputs: Readonly<Record<string, string>>
}

const digests = new Map<string, string>()

/** Content, not time, of every file that went into them: a checkout touches times. Each file once. */
const digestOf = (path: string): string => {
  const known = digests.get(path)
  if (known !== undefined) return known
  const file = resolve(ROOT, path)
  const digest = createHash('sha256')
    .update(existsSync(file) ? readFileSync(file) : '')
    .digest('hex')
  digests.set(path, digest)
  return digest
}

const isFresh = ({ folder, inputs }: Kept): boolean =>
  existsSync(folder) && Object.entries(inputs).every(([path, was]) => digestOf(path) === was)

/** A folder of its own for every build: another deployment may still copy from the one before. */
const makeBundles = async (index: string): Promise<string> => {
  const folder = join(KEPT, randomUUID())
  const read = new Set<string>()
  // One after the other: each keeps all cores busy by itself.
  for (const module of FUNCTIONS.keys()) for (const path of await makeBundle(module, folder)) read.add(path)
  const inputs = Object.fromEntries([...read].map((path) => [path, digestOf(path)]))
  await writeFile(`${folder}.json`, JSON.stringify({ folder, inputs } satisfies Kept))
  await rename(`${folder}.json`, index)
  await removeOld(folder)
  return folder
}

/** A folder of its own for every function as well, as SST makes it; all files that were read. */
const makeBundle = async (module: string, folder: string): Promise<readonly string[]> => {
  const { metafile } = await esbuild({
    ...BUNDLING,
    entryPoints: { bundle: `${module}.ts` },
    absWorkingDir: ROOT,
    outdir: join(folder, module),
    metafile: true,
    logLevel: 'silent',
  })
  const unused = unreachedAdapters(metafile.outputs)
  if (unused.length > 0) throw new Error(`nothing in the bundle of ${module} imports ${unused.join(', ')}`)
  return Object.keys(metafile.inputs)
}

/** Of the adapters: what is split off is deployed also where nothing is left that imports it. */
const unreachedAdapters = (outputs: Metafile['outputs']): readonly string[] => {
  const entries = Object.keys(outputs).filter((path) => path.endsWith('/bundle.mjs'))
  const reached = new Set(entries)
  for (const path of reached) for (const { path: next } of outputs[path]?.imports ?? []) reached.add(next)
  return Object.entries(outputs).flatMap(([path, { entryPoint = '' }]) =>
    !reached.has(path) && entryPoint.startsWith('packages/aws/') ? [entryPoint] : [],
  )
}

const OLD_MILLISECONDS = 3_600_000

const removeOld = async (made: string): Promise<void> => {
  for (const name of await readdir(KEPT)) {
    const path = join(KEPT, name)
    const { mtimeMs } = await stat(path)
    if (path !== made && Date.now() - mtimeMs > OLD_MILLISECONDS)
      await rm(path, { recursive: true, force: true })
  }
}
