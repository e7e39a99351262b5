import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

describe("the authorizer's bundle", () => {
  it('weighs at most 100 kB and holds no SDK, no zod and no middy', async () => {
    const { metafile, outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../authorizer/authorize.ts', import.meta.url))],
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      write: false,
      metafile: true,
    })
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
    const kept = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path)
    expect(kept.some((path) => path.endsWith('connect-authorizer.ts'))).toBe(true)
    expect(kept.filter((path) => path.includes('node_modules'))).toEqual([])
    expect(outputFiles[0]?.contents.byteLength).toBeLessThan(100_000)
  })
})
