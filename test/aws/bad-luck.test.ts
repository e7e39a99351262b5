import { whereTheEmulatorRuns } from './where-the-emulator-runs.ts'

await whereTheEmulatorRuns(() => import('./bad-luck.suite.ts'))
