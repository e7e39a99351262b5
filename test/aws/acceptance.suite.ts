import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, type TestContext } from 'vitest'
import { leftOut } from '../support/only.ts'

const FOLDER = join(import.meta.dirname, '../acceptance')
const GOLDEN = join(FOLDER, 'worlds.golden.txt')
/** A file of which nothing can be told here is still in the report. */
const LEFT_OUT = 'leaves nothing out without a reason'

/** On how many deployments they are told: stories wait for what is deployed, so that side by side they cost little more. */
export const PARTS = 3

const everyFile = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.test.ts'))
  .toSorted((a, b) => (a < b ? -1 : 1))

/**
 * A share of the stories of `test/acceptance`, word for word, on one deployment: none may depend on what another left behind.
 * Every function is held to its role there: what the stacks grant is enough.
 * `part` counts from 1.
 */
export const tellStories = (part: number): void => {
  process.env.COUNTERSIGN_WORLD = 'emulator-iam'
  const files = everyFile.filter((_, index) => index % PARTS === part - 1)
  for (const file of files)
    describe(file, async () => {
      const before = leftOut.length
      await import(`${FOLDER}/${file}`)
      const here = leftOut.slice(before)
      it(LEFT_OUT, () => {
        for (const { reason } of here) expect(reason).toMatch(/\w+ \w+/)
      })
    })
  compareWorlds(files)
}

const compareWorlds = (files: readonly string[]): void => {
  describe('the worlds of these stories', () => {
    it('are both for every test, but for what the list of exceptions names with its reason', async ({
      task,
      annotate,
    }) => {
      const told = task.file.tasks
        .filter(({ name }) => files.includes(name))
        .flatMap((suite) => testsIn(suite, [suite.name]))
        .filter((name) => !name.endsWith(LEFT_OUT))
      await annotate(`in both worlds:\n${told.join('\n')}`)
      const exceptions = files.flatMap((file) => leftOutOf(file).map((one) => lineOf(file, one)))
      process.stdout.write(
        `${told.length} tests of stories ran in both worlds, ${exceptions.length} groups in one\n`,
      )
      if (process.env.UPDATE_GOLDEN === '1') writeLines(files, exceptions)
      expect(exceptions).toEqual(readLines().filter((line) => files.includes(fileIn(line))))
    })
  })
}

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

const lineOf = (file: string, { where, what, reason }: (typeof leftOut)[number]) =>
  `${where} alone: ${file}: ${what}: ${reason}`

/** The file that a line of the list is about. */
const fileIn = (line: string): string => line.split(': ')[1] ?? ''

const readLines = (): readonly string[] =>
  existsSync(GOLDEN)
    ? readFileSync(GOLDEN, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []

/** The other parts write theirs. */
const writeLines = (files: readonly string[], lines: readonly string[]): void => {
  const others = readLines().filter((line) => !files.includes(fileIn(line)))
  const all = [...others, ...lines].toSorted((a, b) => (fileIn(a) < fileIn(b) ? -1 : 1))
  writeFileSync(GOLDEN, all.map((line) => `${line}\n`).join(''))
}
