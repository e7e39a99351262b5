import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { RegisterWrite } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { dynamoAccessRows } from './dynamo-access-rows.ts'
import { messagesOf, type Reply, refusal, wire } from './wire.fixture.ts'

const item = (key: string, rank: number) => ({
  key: { S: key },
  'r#grant': { M: { rank: { N: `${rank}` }, value: { S: '{"a":1}' } } },
})

const answer = (items: object[], unprocessed: string[] = []): Reply => ({
  body: {
    Responses: { Access: items },
    UnprocessedKeys:
      unprocessed.length > 0 ? { Access: { Keys: unprocessed.map((key) => ({ key: { S: key } })) } } : {},
  },
})

const store = (...replies: Reply[]) => {
  const { calls, settings } = wire(...replies)
  const waits: number[] = []
  const rows = dynamoAccessRows({
    table: 'Access',
    client: new DynamoDBClient(settings),
    sleep: async (milliseconds) => waits.push(milliseconds),
    random: () => 0.5,
  })
  return { calls, waits, rows }
}

const write = (part: Partial<RegisterWrite> = {}): RegisterWrite => ({
  row: 'token#tok_1',
  register: 'grant',
  rank: 2,
  value: 1,
  by: 'projector',
  ...part,
})

describe('reading rows', () => {
  it('is one strongly consistent batch, each key once', async () => {
    const { calls, rows } = store(answer([item('token#tok_1', 3)]))
    const found = await rows.read(['token#tok_1', 'fence#0', 'token#tok_1'])
    expect(calls).toEqual([
      {
        operation: 'BatchGetItem',
        body: {
          RequestItems: {
            Access: {
              Keys: [{ key: { S: 'token#tok_1' } }, { key: { S: 'fence#0' } }],
              ConsistentRead: true,
            },
          },
        },
      },
    ])
    expect([...found]).toEqual([['token#tok_1', { registers: { grant: { rank: 3, value: { a: 1 } } } }]])
  })

  it('asks again for the keys that were left, and for those alone', async () => {
    const { calls, waits, rows } = store(answer([item('a', 1)], ['b']), answer([item('b', 2)]))
    expect([...(await rows.read(['a', 'b'])).keys()]).toEqual(['a', 'b'])
    expect(calls[1]?.body.RequestItems.Access.Keys).toEqual([{ key: { S: 'b' } }])
    expect(waits).toHaveLength(1)
  })

  it('throws rather than leave out a key that is never answered', async () => {
    const { calls, rows } = store(answer([], ['a']))
    const error = await rows.read(['a']).catch(messagesOf)
    expect(error).toContain('1 keys stayed unprocessed')
    expect(calls).toHaveLength(6)
  })

  it('refuses more keys than one batch takes', async () => {
    const { calls, rows } = store()
    await expect(rows.read(Array.from({ length: 101 }, (_, i) => `${i}`))).rejects.toThrow('101 rows')
    expect(calls).toEqual([])
  })
})

describe('writing rows', () => {
  it('is one conditional update per row', async () => {
    const { calls, rows } = store()
    await rows.write([write(), write({ row: 'fence#0' }), write({ register: 'refusal' })])
    expect(calls.map(({ operation, body }) => [operation, body.Key.key.S, body.UpdateExpression])).toEqual([
      ['UpdateItem', 'token#tok_1', 'SET #r0 = :r0, #r1 = :r1'],
      ['UpdateItem', 'fence#0', 'SET #r0 = :r0'],
    ])
  })

  it('writes the other registers when one of them is outranked', async () => {
    const refused = refusal('ConditionalCheckFailedException', { Item: item('token#tok_1', 5) })
    const { calls, rows } = store(refused, { body: {} })
    await rows.write([write(), write({ register: 'refusal' })])
    expect(Object.values(calls[1]?.body.ExpressionAttributeNames)).toEqual(['rank', 'r#refusal'])
  })

  it('is done when all of them are outranked', async () => {
    const { calls, rows } = store(
      refusal('ConditionalCheckFailedException', { Item: item('token#tok_1', 5) }),
    )
    await rows.write([write()])
    expect(calls).toHaveLength(1)
  })

  it('gives up on a row that never stands still', async () => {
    const { calls, rows } = store(
      refusal('ConditionalCheckFailedException', { Item: item('token#tok_1', 1) }),
    )
    expect(await rows.write([write()]).catch(messagesOf)).toContain('the row kept changing')
    expect(calls).toHaveLength(6)
  })

  it('throws with its cause when the table does not answer', async () => {
    const { rows } = store(refusal('InternalServerError', {}, 500))
    expect(await rows.write([write()]).catch(messagesOf)).toMatch(
      /^writing the row token#tok_1 failed: InternalServerError < InternalServerError/,
    )
  })
})

describe('scanning rows', () => {
  it('goes on until the last page', async () => {
    const { calls, rows } = store(
      { body: { Items: [item('a', 1)], LastEvaluatedKey: { key: { S: 'a' } } } },
      { body: { Items: [item('b', 2)] } },
    )
    const keys: string[] = []
    for await (const [key] of rows.scan()) keys.push(key)
    expect(keys).toEqual(['a', 'b'])
    expect(calls.map(({ body }) => [body.ConsistentRead, body.ExclusiveStartKey?.key.S])).toEqual([
      [true, undefined],
      [true, 'a'],
    ])
  })
})
