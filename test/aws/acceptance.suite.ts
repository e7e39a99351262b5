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

/** About how long the longest take, in seconds. */
const SECONDS: Readonly<Record<string, number>> = {
  'tampered-log': 46,
  mixed: 26,
  hub: 15,
  webhooks: 13,
  sessions: 12,
  audit: 10,
  reroll: 9,
  'consumer-signed': 8,
  'usage-plans': 7,
  'audit-commands': 7,
}
const secondsOf = (file: string): number => SECONDS[file.replace('.test.ts', '')] ?? 3

/** The files of each part: one after the other, to whoever has least to tell so far. */
const dealt = (files: readonly string[]): readonly (readonly string[])[] => {
  const parts = Array.from({ length: PARTS }, () => ({ files: [] as string[], seconds: 0 }))
  for (const file of files.toSorted((a, b) => secondsOf(b) - secondsOf(a) || (a < b ? -1 : 1))) {
    const least = parts.reduce((found, part) => (part.seconds < found.seconds ? part : found))
    least.files.push(file)
    least.seconds += secondsOf(file)
  }
  return parts.map((part) => part.files)
}

const parts = dealt(readdirSync(FOLDER).filter((name) => name.endsWith('.test.ts')))

/**
 * A share of the stories of `test/acceptance`, word for word, on one deployment: none may depend on what another left behind.
 * Every function is held to its role there: what the stacks grant is enough.
 * `part` counts from 1.
 */
export const tellStories = (part: number): void => {
  process.env.COUNTERSIGN_WORLD = 'emulator-iam'
  const files = parts[part - 1] ?? []
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
      expect(inOrder(exceptions)).toEqual(readLines().filter((line) => files.includes(fileIn(line))))
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
  writeFileSync(
    GOLDEN,
    inOrder([...others, ...lines])
      .map((line) => `${line}\n`)
      .join(''),
  )
}

/** By file; those of one file as it has them. */
const inOrder = (lines: readonly string[]): readonly string[] =>
  lines.toSorted((a, b) => fileIn(a).localeCompare(fileIn(b), 'en'))
