import { it } from 'vitest'
import { hasJava, NO_JAVA } from './dynamodb-local.ts'
import { isThorough } from './where-the-emulator-runs.ts'

/** Asked by `pnpm test:aws`; the whole of the tests has no time for a second judge. */
const missing = isThorough ? NO_JAVA : 'only "pnpm test:aws" asks Amazon\'s DynamoDB Local'

/** Nobody needs Java to work on the platform, and the first judge has judged: skipped without it, in CI as well. */
if (isThorough && (await hasJava())) await import('./second-judge.suite.ts')
else {
  process.stderr.write(`SKIPPED: ${missing}\n`)
  it("holds over Amazon's DynamoDB Local", ({ skip }) => skip(missing))
}
