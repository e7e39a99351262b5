import { whereTheEmulatorRuns } from './where-the-emulator-runs.ts'

await whereTheEmulatorRuns(() => import('./least-privilege.suite.ts'))
