import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb'
import { isUnavailable } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { waitOf } from './backoff.ts'
import { clientSettings, within } from './calls.ts'
import { messagesOf, wire } from './wire.fixture.ts'

const get = new GetItemCommand({ TableName: 'Ledger', Key: { pk: { S: 'x' } } })

describe('a call of the SDK', () => {
  it('ends with its time limit when the service never answers, and says what was being done', async () => {
    const client = new DynamoDBClient(wire('never').settings)
    const error = await within(10, 'reading', (limit) => client.send(get, limit)).catch(messagesOf)
    expect(error).toMatch(/^reading failed: (?:TimeoutError|AbortError) < /)
  })

  it('gives the answer within the limit as it is', async () => {
    const client = new DynamoDBClient(wire({ body: { Item: { pk: { S: 'x' } } } }).settings)
    const answer = await within(1_000, 'reading', (limit) => client.send(get, limit))
    expect(answer.Item).toEqual({ pk: { S: 'x' } })
  })

  it('is attempted three times at most, each within a time of its own', async () => {
    const { calls, settings } = wire({ status: 500, body: {} })
    const { maxAttempts, requestHandler } = clientSettings(700)
    const client = new DynamoDBClient({ ...settings, maxAttempts })
    await expect(within(5_000, 'reading', (limit) => client.send(get, limit))).rejects.toThrow(
      'reading failed',
    )
    expect(calls).toHaveLength(3)
    expect(requestHandler).toMatchObject({ requestTimeout: 700, throwOnRequestTimeout: true })
  })
})

describe('what goes wrong with a call', () => {
  const thrownFor = async (script: Parameters<typeof wire>[0]) => {
    const client = new DynamoDBClient({ ...wire(script).settings, maxAttempts: 1 })
    return within(50, 'reading', (limit) => client.send(get, limit)).catch((error: unknown) => error)
  }

  it.each([
    ['no answer in time', 'never'],
    ['a fault of the service', { status: 500, body: {} }],
    ['too much at once', { status: 400, body: { __type: 'ThrottlingException' } }],
  ] as const)('is weather when it is %s', async (_, script) => {
    expect(isUnavailable(await thrownFor(script))).toBe(true)
  })

  it.each(['AccessDeniedException', 'ValidationException', 'ResourceNotFoundException'])(
    'is ours when it is %s',
    async (__type) => {
      expect(isUnavailable(await thrownFor({ status: 400, body: { __type } }))).toBe(false)
    },
  )
})

describe('the wait before another attempt', () => {
  it('doubles up to a limit, and is anything up to that by chance', () => {
    const longest = [0, 1, 2, 3, 4, 5, 20].map((attempt) => waitOf(attempt, () => 0.999_999))
    expect(longest).toEqual([25, 50, 100, 200, 400, 400, 400])
    expect(waitOf(5, () => 0)).toBe(0)
  })
})
