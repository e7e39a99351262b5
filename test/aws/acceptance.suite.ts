import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { leftOut } from '../support/only.ts'

/** Every story of `test/acceptance`, word for word, on one deployment: none may depend on what another left behind. */
process.env.COUNTERSIGN_WORLD = 'emulator'
const FOLDER = join(import.meta.dirname, '../acceptance')
const GOLDEN = join(FOLDER, 'worlds.golden.txt')
const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.test.ts'))
  .toSorted((a, b) => (a < b ? -1 : 1))
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
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, exceptions.join(''))
    expect(exceptions.join('')).toBe(existsSync(GOLDEN) ? readFileSync(GOLDEN, 'utf8') : '')
  })
})
