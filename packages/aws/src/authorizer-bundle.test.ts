import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const bundleOf = async (entry: string) => {
  const { metafile, outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
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
  return { bytes: outputFiles[0]?.contents.byteLength ?? 0, inputs: inputs.map(([path]) => path) }
}

describe("the bundle of the authorizer's stores", () => {
  it('holds our own sources alone: no SDK, no zod, no middy', async () => {
    const { inputs } = await bundleOf('./authorizer.ts')
    expect(inputs.filter((path) => path.includes('node_modules'))).toEqual([])
    expect(inputs.some((path) => path.endsWith('sigv4.ts'))).toBe(true)
  })

  it('stays a small part of the 100 kB that the authorizer may weigh', async () => {
    expect((await bundleOf('./authorizer.ts')).bytes).toBeLessThan(10_000)
  })

  it('is told apart from one with the SDK', async () => {
    const { inputs } = await bundleOf('./dynamo-access-rows.ts')
    expect(inputs.some((path) => path.includes('@aws-sdk'))).toBe(true)
  })
})
