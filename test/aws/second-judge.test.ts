import { it } from 'vitest'
import { hasJava, NO_JAVA } from './dynamodb-local.ts'

/** Nobody needs Java to work on the platform, and the first judge has judged: skipped without it, in CI as well. */
if (await hasJava()) await import('./second-judge.suite.ts')
else {
  process.stderr.write(`SKIPPED: ${NO_JAVA}\n`)
  it("holds over Amazon's DynamoDB Local", ({ skip }) => skip(NO_JAVA))
}
