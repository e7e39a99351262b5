import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Every suite, one after the other: types, lint, tests. The last line is the sum of them all. */
const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)
const scratch = mkdtempSync(join(tmpdir(), 'countersign-test-'))
const report = join(scratch, 'report.json')

interface Counted {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** Logs are read as text: no colours there. */
const { FORCE_COLOR: _, ...environment } = process.env
const PLAIN = { ...environment, NO_COLOR: '1' }

const say = (text: string) => void process.stdout.write(`${text}\n`)

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { cwd: root, stdio: 'inherit', env: process.stdout.isTTY ? process.env : PLAIN })
    .status === 0

const check = (title: string, command: string, args: readonly string[]): Counted => {
  say(`\n── ${title}`)
  const passed = run(bin(command), args)
  say(passed ? 'passed' : 'FAILED')
  return { passed: Number(passed), failed: Number(!passed), skipped: 0 }
}

const tests = (args: readonly string[]): Counted => {
  say('\n── Tests')
  const passed = run(bin('vitest'), [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ])
  const counted = readReport()
  // A run that failed without a failed test (a suite that could not be loaded, an error between tests) is a failure.
  return { ...counted, failed: passed ? counted.failed : Math.max(1, counted.failed) }
}

const readReport = (): Counted => {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const filters = process.argv.slice(2)
const results = [
  ...(filters.length === 0
    ? [check('Types', 'tsc', []), check('Lint and format', 'biome', ['check', '--error-on-warnings', '.'])]
    : []),
  tests(filters),
]
rmSync(scratch, { recursive: true, force: true })
const sum = (count: keyof Counted) => results.reduce((total, result) => total + result[count], 0)
say(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') === 0 && sum('passed') + sum('skipped') > 0 ? 0 : 1
