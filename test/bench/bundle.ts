import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { atMost, type Bench } from './figure.ts'
import { median, samples } from './measure.ts'

const ENTRY = join(import.meta.dirname, '../../packages/functions/src/authorizer/authorize.ts')
const STARTS = 21

/** What the authorizer weighs, and what its import costs beside an empty module's, each in a process of its own. */
export const bundle: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    const [authorizer, empty] = [join(folder, 'authorizer.mjs'), join(folder, 'empty.mjs')]
    const bytes = await bundleTo(authorizer)
    writeFileSync(empty, 'export const handler = async () => {}\n')
    const times = { authorizer: [] as number[], empty: [] as number[] }
    for (let start = 0; start < STARTS; start++) {
      times.authorizer.push(importMilliseconds(authorizer))
      times.empty.push(importMilliseconds(empty))
    }
    const [own, none] = [median(samples(times.authorizer)), median(samples(times.empty))]
    return [
      {
        name: 'authorizer bundle',
        value: bytes / 1_000,
        unit: 'kB',
        against: 'esbuild, minified',
        limit: atMost(100),
        ratio: bytes / 100_000,
      },
      {
        name: 'authorizer import',
        value: own,
        unit: 'ms',
        against: `an empty module ${none.toFixed(1)} ms; ${STARTS} fresh processes each, by turns`,
        limit: atMost(none * 1.5 + 10),
        ratio: own / (none * 1.5 + 10),
      },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const bundleTo = async (outfile: string): Promise<number> => {
  const { metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile,
    metafile: true,
    logLevel: 'error',
  })
  return Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0)
}

/** Measured inside the new process, so that starting Node is no part of it. */
const importMilliseconds = (file: string): number => {
  const script = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); const taken = performance.now() - start; process.stdout.write(String(taken))`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  if (status !== 0) throw new Error(`the module cannot be imported: ${stderr}`)
  return Number(stdout)
}
