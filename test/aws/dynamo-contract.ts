import { type FetchOptions, fetchAccessRows } from '@countersign/aws/authorizer'
import { dynamoAccessRows } from '@countersign/aws/dynamo-access-rows'
import { dynamoLedger } from '@countersign/aws/dynamo-ledger'
import { dynamoStoredRows } from '@countersign/aws/dynamo-stored-rows'
import { accessRowsContract } from '../contract/access-rows.ts'
import { ledgerContract } from '../contract/ledger.ts'
import { ledgerPagesContract } from '../contract/ledger-pages.ts'
import { storedRowsContract } from '../contract/stored-rows.ts'
import type { Another } from './another.ts'
import type { Wire } from './wire.ts'

/** The machine is shared with everybody else's work; how fast the reads are is another matter. */
export const PATIENT = { totalMilliseconds: 5_000, firstMilliseconds: 4_000 }

const nothing = async () => {}

export interface Judge extends FetchOptions {
  readonly another: Another
  readonly wire: Wire
}

/** What is kept in DynamoDB, by whoever stands in for it: the SDK's adapters find it by the environment. */
export const dynamoContract = (name: string, { another, wire, ...aws }: Judge): void => {
  const spoil = async (TableName: string, key: string): Promise<void> => {
    await wire.target('dynamodb', 'UpdateItem', {
      TableName,
      Key: { key: { S: key } },
      UpdateExpression: 'SET #grant = :grant',
      ExpressionAttributeNames: { '#grant': 'r#grant' },
      ExpressionAttributeValues: { ':grant': { M: { rank: { N: '1' } } } },
    })
  }
  const ledgerStore = async () => {
    const [ledger, { id: access }] = await Promise.all([
      another('table', 'LedgerTable'),
      another('table', 'AccessTable'),
    ])
    return {
      ledger: dynamoLedger({ tables: { ledger: ledger.id, access: () => access } }),
      accessRows: dynamoAccessRows({ table: access }),
      storedRows: dynamoStoredRows({ table: access }),
      spoil: (key: string) => spoil(access, key),
      close: nothing,
    }
  }
  /** What the authorizer reads with, over what the other functions write with. */
  const authorizerRows = async () => {
    const { id: table } = await another('table', 'AccessTable')
    const rows = dynamoAccessRows({ table })
    return {
      accessRows: { ...rows, ...fetchAccessRows({ ...aws, table, limits: PATIENT }) },
      close: nothing,
    }
  }
  ledgerContract(name, ledgerStore)
  ledgerPagesContract(name, ledgerStore)
  accessRowsContract(name, ledgerStore)
  storedRowsContract(name, ledgerStore)
  accessRowsContract(`${name}, read as the authorizer reads it`, authorizerRows)
}
