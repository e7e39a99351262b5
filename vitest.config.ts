import { defineConfig } from 'vitest/config'

/** Whole platforms and SST's real components start in there; how fast they are is measured by `pnpm bench`. */
const patience = { testTimeout: 120_000, hookTimeout: 240_000 }

const EMULATED = 'test/aws/**/*.test.ts'

/** Most suites wait for stores and processes of their own, those of the AWS side for most of their time: more of them than cores. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...patience,
          name: 'aws',
          include: [EMULATED],
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...patience,
          name: 'here',
          include: ['packages/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [EMULATED, '**/node_modules/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
