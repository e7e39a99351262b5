import { readFileSync, writeFileSync } from 'node:fs'
import { type RunnerTestCase, type RunnerTestFile, TestRunner } from 'vitest'
import type { Verdicts } from './verdicts.ts'

/** What instrumented code looks at: which mutant is alive, and where it says what it passed. */
interface Switchboard {
  activeMutant: string | undefined
  currentTestId: string | undefined
  hitCount: number | undefined
  hitLimit: number | undefined
  mutantCoverage?: {
    readonly static: Readonly<Record<string, number>>
    readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>>
  }
}

/** A loop that a mutant made endless comes by so many times more often than it should. */
const HITS_MORE = 100
const HITS_AT_LEAST = 10_000

const world = globalThis as { __stryker__?: Switchboard }
const board: Switchboard = {
  activeMutant: undefined,
  currentTestId: undefined,
  hitCount: undefined,
  hitLimit: undefined,
}
world.__stryker__ = board
const file = process.env.MUTATION_VERDICTS ?? ''

/**
 * Runs each test once as it is, and once more with each mutant that it passes alive. What a mutant leaves behind in the
 * memory of a module would kill others: when a test does not pass without a mutant any more, what is left of it waits for a
 * new process.
 */
export default class MutatingRunner extends TestRunner {
  readonly #verdicts: Verdicts = JSON.parse(readFileSync(file, 'utf8'))
  #spoilt = false

  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test)
    board.currentTestId = test.id
    let clean = this.#spoilt ? await passes(run) : await always(run)
    board.currentTestId = undefined
    for (const [mutant, hits] of Object.entries(board.mutantCoverage?.perTest[test.id] ?? {})) {
      const pair = `${mutant} ${test.id}`
      if (this.#verdicts.killed.includes(mutant) || this.#verdicts.tried.includes(pair)) continue
      if (clean) clean = await this.#tryOn(run, mutant, hits, pair)
      else this.#verdicts.waiting += 1
    }
    this.#spoilt ||= !clean
  }

  /** Whether the test still passes without it afterwards. */
  async #tryOn(run: () => unknown, mutant: string, hits: number, pair: string): Promise<boolean> {
    this.#verdicts.tried.push(pair)
    board.hitCount = 0
    board.hitLimit = hits * HITS_MORE + HITS_AT_LEAST
    board.activeMutant = mutant
    const survived = await passes(run)
    board.activeMutant = undefined
    board.hitCount = undefined
    if (survived) return true
    this.#verdicts.killed.push(mutant)
    return passes(run)
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    super.onAfterRunFiles(files)
    const loaded = [...this.#verdicts.loaded, ...Object.keys(board.mutantCoverage?.static ?? {})]
    this.#verdicts.loaded = [...new Set(loaded)]
    writeFileSync(file, JSON.stringify(this.#verdicts))
  }
}

const always = async (run: () => unknown): Promise<true> => {
  await run()
  return true
}

const passes = async (run: () => unknown): Promise<boolean> => {
  try {
    await run()
    return true
  } catch {
    return false
  }
}
