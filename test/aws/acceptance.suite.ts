import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { leftOut } from '../support/only.ts'
import { isThorough } from './where-the-emulator-runs.ts'

/** Every story of `test/acceptance`, word for word, on one deployment: none may depend on what another left behind. */
process.env.COUNTERSIGN_WORLD = 'emulator'
const FOLDER = join(import.meta.dirname, '../acceptance')
const GOLDEN = join(FOLDER, 'worlds.golden.txt')
/** Stories that were not all seen to hold here yet: `pnpm test:aws` tells them too. */
const NOT_YET = [
  'audit.test.ts',
  'audit-tail.test.ts',
  'tampered-log.test.ts',
  'webhook-attempts.test.ts',
  'webhooks.test.ts',
]
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.test.ts') && (isThorough || !NOT_YET.includes(name)))
  .toSorted((a, b) => (a < b ? -1 : 1))
if (!isThorough) process.stderr.write(`NOT TOLD HERE, but by "pnpm test:aws": ${NOT_YET.join(', ')}\n`)

/** A file of which nothing can be told here is still in the report. */
const LEFT_OUT = 'leaves nothing out without a reason'

for (const file of files)
  describe(file, async () => {
    const before = leftOut.length
    await import(`${FOLDER}/${file}`)
    const here = leftOut.slice(before)
    it(LEFT_OUT, () => {
      for (const { reason } of here) expect(reason).toMatch(/\w+ \w+/)
    })
  })

/** A describe that waits registers late, so what a file leaves out is told by its own words. */
const leftOutOf = (file: string) => {
  const text = readFileSync(join(FOLDER, file), 'utf8')
  return leftOut.filter(({ what }) => text.includes(what))
}

type Task = TestContext['task'] | TestContext['task']['file']['tasks'][number]

const testsIn = (task: Task, path: readonly string[] = []): readonly string[] =>
  task.type === 'suite'
    ? task.tasks.flatMap((inner) => testsIn(inner, [...path, inner.name]))
    : [path.join(' > ')]

describe('the worlds of the stories', () => {
  it('are both for every test, but for what the list of exceptions names with its reason', async ({
    task,
    annotate,
  }) => {
    const told = task.file.tasks
      .filter(({ name }) => files.includes(name))
      .flatMap((suite) => testsIn(suite, [suite.name]))
      .filter((name) => !name.endsWith(LEFT_OUT))
    await annotate(`in both worlds:\n${told.join('\n')}`)
    const exceptions = files.flatMap((file) =>
      leftOutOf(file).map(({ where, what, reason }) => `${where} alone: ${file}: ${what}: ${reason}\n`),
    )
    process.stdout.write(
      `${told.length} tests of stories ran in both worlds, ${exceptions.length} groups in one\n`,
    )
    if (process.env.UPDATE_GOLDEN === '1' && isThorough) writeFileSync(GOLDEN, exceptions.join(''))
    const golden = existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8').split(/(?<=\n)/) : []
    const ofTold = golden.filter((line) => files.some((file) => line.includes(` alone: ${file}: `)))
    expect(exceptions).toEqual(isThorough ? golden : ofTold)
  })
})
