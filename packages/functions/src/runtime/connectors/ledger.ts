import type { Ledger } from '@countersign/core/ledger'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Name, variable } from '../variables.ts'

export const ledger: Connector<Ledger> = async () => {
  const { dynamoLedger } = await import('@countersign/aws/dynamo-ledger')
  return (environment) =>
    lazily(() => {
      const table = variable(environment, 'LEDGER_TABLE', Name)
      return dynamoLedger({
        tables: { ledger: table, access: () => variable(environment, 'ACCESS_TABLE', Name) },
      })
    })
}
