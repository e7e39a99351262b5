import type { AccessRowStore } from '@countersign/core/access'
import type { Connector } from '../connected.ts'
import { lazily } from '../lazily.ts'
import { Name, variable } from '../variables.ts'

export const accessRows: Connector<AccessRowStore> = async () => {
  const { dynamoAccessRows } = await import('@countersign/aws/dynamo-access-rows')
  return (environment) =>
    lazily(() => dynamoAccessRows({ table: variable(environment, 'ACCESS_TABLE', Name) }))
}
