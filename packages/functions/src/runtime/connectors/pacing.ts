import type { Environment } from '../services.ts'
import { Milliseconds, variable } from '../variables.ts'

export const pacing = async () => {
  const { paced } = await import('@countersign/aws/paced')
  return (environment: Environment) =>
    paced({ everyMilliseconds: variable(environment, 'CALL_MILLISECONDS', Milliseconds) })
}
