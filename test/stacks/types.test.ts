import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { installPlatform, ROOT } from './evaluate.ts'

await installPlatform()

const typeErrors = await promisify(execFile)(
  join(ROOT, 'node_modules/.bin/node'),
  [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'stacks'],
  { cwd: ROOT },
).then(
  () => '',
  ({ stdout }: { stdout?: string }) => stdout ?? 'the compiler did not run',
)

describe('the stacks', () => {
  it("type-check against SST's own components", () => {
    expect(typeErrors).toBe('')
  })
})
