import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, extname, join, resolve } from 'node:path'
import { type BuildOptions, build as esbuild, version } from 'esbuild'
import type { Build } from '../stacks/evaluation.ts'

const ROOT = join(import.meta.dirname, '../..')
const KEPT = join(ROOT, 'node_modules/.cache/countersign/bundles')

/** What SST's command puts before every bundle (`pkg/runtime/node` of SST). */
const BANNER = [
  `import { createRequire as topLevelCreateRequire } from 'module';`,
  'const require = topLevelCreateRequire(import.meta.url);',
  `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
  'const __filename = topLevelFileUrlToPath(import.meta.url)',
  `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))`,
].join('\n')

const KNOWN = ['architecture', 'minify']

/** `Runtime.Build` of SST's command, for our functions: the answer that its components wait for. */
export const buildFunction = async (params: unknown, work: string) => {
  const asked = params as Build
  const unknown = Object.keys(asked.properties).filter((property) => !KNOWN.includes(property))
  if (unknown.length > 0) throw new Error(`nodejs.${unknown} of ${asked.functionID} is not covered`)
  if (Object.keys(asked.links).length > 0) throw new Error(`the links of ${asked.functionID} are not covered`)
  if (asked.runtime !== 'nodejs24.x') throw new Error(`the runtime ${asked.runtime} is not covered`)
  const out = join(work, 'functions', asked.functionID)
  await mkdir(out, { recursive: true })
  const extension = extname(asked.handler)
  const entry = `${asked.handler.slice(0, -extension.length)}.ts`
  await cp(await bundle(entry, asked.properties.minify ?? false), join(out, 'bundle.mjs'))
  return { out, handler: `bundle${extension}`, errors: [], sourcemaps: [] }
}

const bundle = async (entry: string, minify: boolean): Promise<string> => {
  const options = {
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2024',
    mainFields: ['module', 'main'],
    keepNames: true,
    external: ['sharp', 'pg-native'],
    minify,
    banner: { js: BANNER },
  } as const satisfies BuildOptions
  const key = createHash('sha256').update(version).update(JSON.stringify(options)).digest('hex').slice(0, 24)
  const file = join(KEPT, `${key}.mjs`)
  if (!isFresh(`${file}.inputs.json`)) await makeBundle(options, file)
  return file
}

const digests = new Map<string, string>()

/** Content, not time, of every file that went into it: a checkout touches times. One after the other, each once. */
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

const isFresh = (stamps: string): boolean => {
  if (!existsSync(stamps)) return false
  const inputs = JSON.parse(readFileSync(stamps, 'utf8')) as Record<string, string>
  return Object.entries(inputs).every(([path, was]) => digestOf(path) === was)
}

/** Put in place in one step: several deployments may bundle at once. */
const makeBundle = async (options: BuildOptions, file: string): Promise<void> => {
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  const made = await esbuild({
    ...options,
    absWorkingDir: ROOT,
    outfile: draft,
    metafile: true,
    logLevel: 'silent',
  })
  const inputs = Object.keys(made.metafile.inputs)
  const stamps = inputs.map((path) => [path, digestOf(path)] as const)
  await rename(draft, file)
  await writeFile(`${draft}.json`, JSON.stringify(Object.fromEntries(stamps)))
  await rename(`${draft}.json`, `${file}.inputs.json`)
  await rm(draft, { force: true })
}
