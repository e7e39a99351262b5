import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes minutes begins first: begun last, one core would wait for it. The others in vitest's own order. */
const LONGEST = [
  /least-privilege/,
  /aws\/bad-luck/,
  /aws\/delivery/,
  /acceptance-/,
  /simulation\.test/,
  /kill\.test/,
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((long) => long.test(moduleId))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

/** Whole platforms and SST's real components start in there; how fast they are is measured by `pnpm bench`. */
const patience = { testTimeout: 120_000, hookTimeout: 240_000 }

/**
 * On an emulator: what the deployed system does; and what becomes of it when something is taken away or breaks, and what
 * another judge says of the contract.
 */
const EMULATED = 'test/aws/**/*.test.ts'
const ADVERSE = 'test/aws/{bad-luck,delivery,least-privilege,second-judge}.test.ts'
const NEVER = '**/node_modules/**'

/** They wait for most of their time: more of them than processors, but not so many that each waits for the others. */
const emulated = {
  ...patience,
  globalSetup: 'test/aws/run.setup.ts',
  maxWorkers: 5,
  sequence: { groupOrder: 0 },
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...emulated, name: 'aws', include: [EMULATED], exclude: [ADVERSE, NEVER] } },
      { test: { ...emulated, name: 'adversity', include: [ADVERSE] } },
      {
        test: {
          ...patience,
          name: 'here',
          include: ['packages/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [EMULATED, NEVER],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
