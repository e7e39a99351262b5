import { join } from 'node:path'
import { authorizer, simpleAuthorizer } from '@countersign/topology'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { ROOT } from './sources.ts'

const LARGEST_BYTES = 100_000

const bundled = async (module: string) => {
  const { metafile } = await build({
    entryPoints: [join(ROOT, `${module}.ts`)],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
    metafile: true,
  })
  const [output] = Object.values(metafile.outputs)
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return { bytes: output?.bytes ?? 0, inputs: inputs.map(([path]) => path) }
}

/** Every import is paid for at every cold start, before every first request. */
describe.each([
  ['the authorizer', authorizer],
  ['the simple authorizer', simpleAuthorizer],
])('the bundle of %s', async (_, { module }) => {
  const { bytes, inputs } = await bundled(module)

  it('is at most 100 kB, minified', () => {
    expect(bytes).toBeGreaterThan(5_000)
    expect(bytes).toBeLessThanOrEqual(LARGEST_BYTES)
  })

  it('holds our own sources alone: no SDK, no zod, no middy', () => {
    expect(inputs.some((path) => path.endsWith('authorizer/judge.ts'))).toBe(true)
    expect(inputs.filter((path) => path.includes('node_modules'))).toEqual([])
  })

  it('is told apart from one that holds them', async () => {
    const other = await bundled('packages/functions/src/http/issue-token')
    expect(other.inputs.filter((path) => /zod|middy/.test(path)).length).toBeGreaterThan(0)
  })
})
