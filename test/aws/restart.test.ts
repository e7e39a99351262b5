import { whereTheEmulatorRuns } from './where-the-emulator-runs.ts'

await whereTheEmulatorRuns(() => import('./restart.suite.ts'))
