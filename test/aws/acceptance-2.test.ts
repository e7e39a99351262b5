import { whereTheEmulatorRuns } from './where-the-emulator-runs.ts'

await whereTheEmulatorRuns(async () => (await import('./acceptance.suite.ts')).tellStories(2))
