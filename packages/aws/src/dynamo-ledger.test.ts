import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { isUnavailable } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { dynamoLedger } from './dynamo-ledger.ts'
import { type Script, wire } from './wire.fixture.ts'

const probing = async (script: Script[number]) => {
  const { calls, settings } = wire(script)
  const client = new DynamoDBClient({ ...settings, maxAttempts: 1 })
  const ledger = dynamoLedger({ tables: { ledger: 'Ledger', access: () => 'Access' }, client })
  const thrown = await ledger.probe().catch((error: unknown) => error)
  return { calls, thrown }
}

const refusedAs = (__type: string) => ({ status: 400, body: { __type } })

describe('trying whether the ledger can be written to', () => {
  it('is a write that its own condition refuses, at the one key its policy names', async () => {
    const { calls, thrown } = await probing(refusedAs('ConditionalCheckFailedException'))
    expect(thrown).toBeUndefined()
    expect(calls.map(({ body }) => body)).toEqual([
      {
        TableName: 'Ledger',
        Item: { pk: { S: 'probe' }, sk: { S: 'probe' } },
        ConditionExpression: 'attribute_exists(pk)',
      },
    ])
  })

  it.each([
    ['throttled', refusedAs('ThrottlingException')],
    ['down', { status: 500, body: {} }],
  ] as const)('is weather when the table is %s', async (_, script) => {
    expect(isUnavailable((await probing(script)).thrown)).toBe(true)
  })

  it('is ours when nobody may write there', async () => {
    const { thrown } = await probing(refusedAs('AccessDeniedException'))
    expect(thrown).toMatchObject({
      message: 'trying to write to the ledger failed: AccessDeniedException',
    })
    expect(isUnavailable(thrown)).toBe(false)
  })
})
