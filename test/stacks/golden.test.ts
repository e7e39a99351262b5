import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { summaryOf } from './golden.ts'

const file = join(import.meta.dirname, 'graph.golden.txt')
const summary = summaryOf(await evaluate('test'))
if (process.env.UPDATE_GOLDEN === '1') await writeFile(file, summary)
const golden = await readFile(file, 'utf8')

describe('the graph of resources', () => {
  it('is the one that was reviewed; UPDATE_GOLDEN=1 writes it anew', () => {
    expect(summary).toBe(golden)
  })
})
