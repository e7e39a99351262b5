import { constants, setPriority } from 'node:os'
import { whereTheEmulatorRuns } from './where-the-emulator-runs.ts'

// The other files begin with the deployment, which takes them longest: this one, which needs none, lets it go first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL)

await whereTheEmulatorRuns(() => import('./contract.suite.ts'))
