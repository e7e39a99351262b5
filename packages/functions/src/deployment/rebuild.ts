import { setTimeout } from 'node:timers/promises'
import { dynamoStoredRows } from '@countersign/aws/dynamo-stored-rows'
import { connect } from '../runtime/connect.ts'
import type { RebuildServices } from '../runtime/rebuild/look.ts'
import type { Outputs } from './outputs.ts'

/**
 * What a rebuild of a deployed read model works with. Run with AWS credentials that may query the table `Ledger` and its
 * indexes, and read, scan, update and delete in the table `Access`.
 */
export const rebuildServices = async ({ environment }: Outputs): Promise<RebuildServices> => {
  const { ledger, clock } = await connect(environment)
  const table = environment.ACCESS_TABLE
  if (table === undefined) throw new Error('the outputs name no ACCESS_TABLE')
  return { ledger, storedRows: dynamoStoredRows({ table }), clock, pause: setTimeout }
}
