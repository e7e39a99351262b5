import { bootstrap } from '../runtime/bootstrap.ts'
import { connect } from '../runtime/connect.ts'
import { coordinatesOf, type Outputs } from './outputs.ts'

/**
 * What a deployed platform needs before anybody can call it: a key, its own API, an operator's credential in
 * `credentialFile` (mode 0600). Run with AWS credentials that may read and write both tables and the key ring; may be
 * repeated, what is there already stays.
 */
export const bootstrapDeployment = async (outputs: Outputs, credentialFile: string): Promise<void> =>
  bootstrap(await connect(outputs.environment), {
    coordinates: coordinatesOf(outputs),
    environment: outputs.stage,
    operator: `Operator of ${outputs.stage}`,
    credentialFile,
  })
