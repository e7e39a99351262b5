import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as topology from '@countersign/topology'
import { type BuildOptions, build, type Plugin } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'
import { ROOT } from './sources.ts'

const modulesIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'module' && typeof member === 'string' ? [member] : modulesIn(member),
  )
}

/** What others wrote is loaded as it lies there: it is most of the bytes, and none of our order of evaluation. */
const ownSourcesAlone: Plugin = {
  name: 'own sources alone',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === 'asked' || /^(?:@countersign\/|node:)/.test(path)) return undefined
      const found = await resolve(path, { kind, resolveDir, importer, pluginData: 'asked' })
      return { path: found.path, external: true }
    })
  },
}

const folder = await mkdtemp(join(tmpdir(), 'countersign-bundles-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const bundle = (options: BuildOptions) =>
  build({
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node24', logLevel: 'silent' },
    ...{ outdir: folder, outExtension: { '.js': '.mjs' }, plugins: [ownSourcesAlone] },
    ...options,
  })

const loaded = async (name: string) =>
  (await import(pathToFileURL(join(folder, `${name}.mjs`)).href)) as Readonly<Record<string, unknown>>

const nameOf = (module: string): string => module.replaceAll('/', '_')

describe('the bundle of every function', async () => {
  const { inboxes: _both, ...tables } = topology
  const modules = modulesIn(tables)
  await bundle({
    entryPoints: Object.fromEntries(modules.map((module) => [nameOf(module), join(ROOT, `${module}.ts`)])),
  })

  it.each(modules)('%s can be loaded, and exports its handler', async (module) => {
    expect(typeof (await loaded(nameOf(module))).handler).toBe('function')
  })

  /**
   * What is imported dynamically somewhere is evaluated lazily everywhere, and esbuild leaves the order out for a barrel
   * that is said to have no side effects: hence `sideEffects` of packages/core.
   */
  it('can be loaded when something dynamic brings in what it reads at once', async () => {
    const contents = `
      export { handler } from './src/http/list-audit-events.ts'
      export const later = () => import('@countersign/core/registry')`
    const stdin = { contents, resolveDir: join(ROOT, 'packages/functions'), sourcefile: 'lazy.ts' }
    await bundle({ stdin })
    expect(typeof (await loaded('stdin')).handler).toBe('function')
  })
})
