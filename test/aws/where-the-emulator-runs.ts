import { it } from 'vitest'
import { findPython, NO_PYTHON } from './emulator.ts'

/** The suite, where the emulator can run. Elsewhere the run says so (`run.setup.ts`) and one test counts as skipped; in CI it fails. */
export const whereTheEmulatorRuns = async (suite: () => Promise<unknown>): Promise<void> => {
  if (await findPython()) {
    await suite()
    return
  }
  it('runs on an emulator of AWS', ({ skip }) => {
    if (process.env.CI === 'true') throw new Error(NO_PYTHON)
    skip(NO_PYTHON)
  })
}
