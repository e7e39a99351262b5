import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Whole platforms and SST's real components start in here; how fast they are is measured by `pnpm bench`.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Most suites wait for stores and processes of their own; vitest would keep one core idle on two.
    maxWorkers: 2,
  },
})
