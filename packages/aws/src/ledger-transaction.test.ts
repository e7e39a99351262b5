import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { EventOf } from '@countersign/core/events'
import type { Change, EntityChange } from '@countersign/core/ledger'
import { digestOf } from '@countersign/core/shared'
import { describe, expect, it } from 'vitest'
import { dynamoLedger } from './dynamo-ledger.ts'
import { messagesOf, type Reply, refusal, wire } from './wire.fixture.ts'

const revoked = (entityversion: number, part: Partial<EventOf<'token.revoked'>> = {}): EventOf => ({
  specversion: '1.0',
  id: `evt_${entityversion}`,
  source: 'countersign',
  type: 'token.revoked',
  subject: 'tok_1',
  time: '2026-01-31T10:00:00Z',
  datacontenttype: 'application/json',
  dataversion: 1,
  actor: 'con_op',
  correlationid: 'req_1',
  entityversion,
  previoushash: '',
  data: {
    tokenId: 'tok_1',
    expiresAt: '2026-06-01T00:00:00Z',
    revokedAt: '2026-01-31T10:00:00Z',
    reason: 'requested',
  },
  ...part,
})

const entity = (part: Partial<EntityChange> = {}): EntityChange => ({
  kind: 'token',
  id: 'tok_1',
  expectedVersion: 1,
  state: { status: 'revoked' },
  events: [revoked(2)],
  labels: ['status=revoked'],
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: '2026-06-01T00:00:00Z',
  ...part,
})

const tombstone = {
  row: 'token#tok_1',
  register: 'refusal',
  rank: 2,
  value: { why: 'revoked' },
  by: 'command',
} as const

const whole: Change = {
  entities: [entity()],
  claims: [{ name: 'api-name#x', owner: 'api_1', expectedGeneration: 0 }],
  access: [tombstone],
  idempotency: { key: 'k', fingerprint: 'f', answer: { status: 200, body: { a: 1 } }, sweepAfter: 99 },
}

const ledgerOver = (...replies: Reply[]) => {
  const { calls, settings } = wire(...replies)
  const waits: number[] = []
  let token = 0
  const ledger = dynamoLedger({
    tables: { ledger: 'Ledger', access: () => 'Access' },
    client: new DynamoDBClient(settings),
    sleep: async (milliseconds) => waits.push(milliseconds),
    random: () => 0.5,
    newRequestToken: () => `request-${++token}`,
  })
  return { calls, waits, ledger }
}

const items = (call: { body: { TransactItems: object[] } } | undefined) =>
  (call?.body.TransactItems ?? []).map((item) => Object.values(item)[0])

/** Reasons in the order of the items: state, event, claim, row, idempotency record. */
const cancelled = (...codes: (string | { Code: string; Item: object })[]) =>
  refusal('TransactionCanceledException', {
    CancellationReasons: codes.map((code) => (typeof code === 'string' ? { Code: code } : code)),
  })

const FAILED = 'ConditionalCheckFailed'
const NONE = 'None'
const conflict = (reason: string) => ({ ok: false, error: { reason } })

describe('a commit', () => {
  it('is one transaction over both tables: state, events, claims, refusals and the answer', async () => {
    const { calls, ledger } = ledgerOver()
    expect(await ledger.commit(whole)).toEqual({ ok: true, value: undefined })
    expect(calls.map(({ operation }) => operation)).toEqual(['TransactWriteItems'])
    expect(calls[0]?.body.ClientRequestToken).toBe('request-1')
    const [state, event, claim, row, idempotency] = items(calls[0])
    expect([state, event, claim, row, idempotency].map(({ TableName }) => TableName)).toEqual([
      'Ledger',
      'Ledger',
      'Ledger',
      'Access',
      'Ledger',
    ])
    expect(claim).toMatchObject({
      Item: { pk: { S: 'claim#api-name#x' }, owner: { S: 'api_1' }, generation: { N: '1' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
    expect(row).toMatchObject({ Key: { key: { S: 'token#tok_1' } } })
    expect(idempotency).toMatchObject({
      Item: {
        pk: { S: 'idempotency#k' },
        answer: { S: '{"status":200,"body":{"a":1}}' },
        sweepAfter: { N: '99' },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
  })

  it('moves a state on only from the version it was decided on', async () => {
    const { calls, ledger } = ledgerOver()
    await ledger.commit({ entities: [entity()] })
    const [state] = items(calls[0])
    expect(state.Key).toEqual({ pk: { S: 'token#tok_1' }, sk: { S: 'state' } })
    expect(state.ConditionExpression).toBe('#version = :expected AND #lastAt <= :first')
    expect(state.ExpressionAttributeValues).toMatchObject({
      ':expected': { N: '1' },
      ':version': { N: '2' },
      ':head': { S: digestOf(revoked(2)) },
      ':state': { S: '{"status":"revoked"}' },
      ':labels': { SS: ['status=revoked'] },
      ':listed': { S: 'token' },
      ':listedAt': { S: '2026-01-01T00:00:00.000Z#tok_1' },
      ':expiresAt': { S: '2026-06-01T00:00:00.000Z' },
      ':since': { S: '2026-01-31' },
    })
    expect(state.UpdateExpression).toContain('#listedAt = if_not_exists(#listedAt, :listedAt)')
  })

  it('creates an entity only where none is, and takes off labels and expiry that are gone', async () => {
    const { calls, ledger } = ledgerOver()
    const { expiresAt: _, ...endless } = entity({ expectedVersion: 0, labels: [], events: [revoked(1)] })
    await ledger.commit({ entities: [endless] })
    const [state] = items(calls[0])
    expect(state.ConditionExpression).toBe('attribute_not_exists(pk)')
    expect(state.UpdateExpression).toMatch(/ REMOVE #labels, #expiresAt$/)
  })

  it('gives every name and value it defines to an expression, as DynamoDB demands', async () => {
    const { calls, ledger } = ledgerOver()
    await ledger.commit(whole)
    await ledger.commit({ entities: [entity({ expectedVersion: 0, labels: [] })] })
    for (const item of calls.flatMap((call) => items(call))) {
      const { UpdateExpression = '', ConditionExpression } = item
      const used = new Set(`${UpdateExpression} ${ConditionExpression}`.match(/[#:]\w+/g))
      const defined = [
        ...Object.keys(item.ExpressionAttributeNames ?? {}),
        ...Object.keys(item.ExpressionAttributeValues ?? {}),
      ]
      expect(new Set(defined)).toEqual(used)
    }
  })

  it('writes events as the stream and the audit read them', async () => {
    const { calls, ledger } = ledgerOver()
    await ledger.commit({ entities: [entity()] })
    expect(items(calls[0])[1]).toMatchObject({
      Item: {
        pk: { S: 'token#tok_1' },
        sk: { S: 'event#000000000002' },
        kind: { S: 'event' },
        event: { S: JSON.stringify(revoked(2)) },
        day: { S: '2026-01-31' },
        at: { S: '2026-01-31T10:00:00.000Z#tok_1#event#000000000002' },
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    })
  })

  it('takes a claim only from nobody, and releases one only from somebody', async () => {
    const { calls, ledger } = ledgerOver()
    const claim = (owner: string | undefined, expectedGeneration: number) =>
      ledger.commit({ entities: [], claims: [{ name: 'x', owner, expectedGeneration }] })
    await claim('api_1', 3)
    await claim(undefined, 3)
    await claim(undefined, 0)
    const names = { '#generation': 'generation', '#owner': 'owner' }
    const released = { ConditionExpression: '#generation = :expected AND attribute_exists(#owner)' }
    expect(calls.flatMap((call) => items(call))).toMatchObject([
      {
        ConditionExpression: '#generation = :expected AND attribute_not_exists(#owner)',
        ExpressionAttributeNames: names,
        Item: { owner: { S: 'api_1' }, generation: { N: '4' } },
      },
      { ...released, ExpressionAttributeValues: { ':expected': { N: '3' } } },
      { ...released, ExpressionAttributeValues: { ':expected': { N: '0' } } },
    ])
  })

  it('keeps the generation of a claim that is released', async () => {
    const { calls, ledger } = ledgerOver()
    await ledger.commit({ entities: [], claims: [{ name: 'x', owner: undefined, expectedGeneration: 3 }] })
    const [claim] = items(calls[0])
    expect(claim.Item).toEqual({
      pk: { S: 'claim#x' },
      sk: { S: 'claim' },
      kind: { S: 'claim' },
      generation: { N: '3' },
    })
    expect(claim.ExpressionAttributeValues).toEqual({ ':expected': { N: '3' } })
  })

  it('needs no access table for a change that takes no access away', async () => {
    const { settings } = wire()
    const ledger = dynamoLedger({
      tables: {
        ledger: 'Ledger',
        access: () => {
          throw new Error('ACCESS_TABLE is missing')
        },
      },
      client: new DynamoDBClient(settings),
    })
    expect(await ledger.commit({ entities: [entity()] })).toMatchObject({ ok: true })
    await expect(ledger.commit(whole)).rejects.toMatchObject({
      message: 'ACCESS_TABLE is missing',
    })
  })

  it('writes nothing when there is nothing to write', async () => {
    const { calls, ledger } = ledgerOver()
    expect(await ledger.commit({ entities: [entity({ events: [] })] })).toMatchObject({ ok: true })
    expect(calls).toEqual([])
  })

  it.each([
    ['the version', [FAILED, NONE, NONE, NONE, NONE], 'version_conflict'],
    ['a claim', [NONE, NONE, FAILED, NONE, NONE], 'version_conflict'],
    ['the idempotency key', [NONE, NONE, NONE, NONE, FAILED], 'idempotency_key_used'],
    ['both version and key', [FAILED, NONE, NONE, NONE, FAILED], 'idempotency_key_used'],
    ['version and collision', [FAILED, 'TransactionConflict', NONE, NONE, NONE], 'version_conflict'],
  ])('is refused because of %s, and not tried again', async (_, codes, reason) => {
    const { calls, ledger } = ledgerOver(cancelled(...codes))
    expect(await ledger.commit(whole)).toEqual(conflict(reason))
    expect(calls).toHaveLength(1)
  })

  it('is refused because of a damaged log when an event stands after the expected version both times', async () => {
    const damaged = cancelled(NONE, FAILED, NONE, NONE, NONE)
    const { calls, ledger } = ledgerOver(damaged, damaged)
    expect(await ledger.commit(whole)).toEqual(conflict('log_damaged'))
    expect(calls.map(({ body }) => body.ClientRequestToken)).toEqual(['request-1', 'request-2'])
  })

  it.each([NONE, 'TransactionConflict'])(
    'takes somebody who was faster for no damage, though the event was there before the state (%s)',
    async (state) => {
      const { calls, ledger } = ledgerOver(
        cancelled(state, FAILED, NONE, NONE, NONE),
        cancelled(FAILED, FAILED, NONE, NONE, NONE),
      )
      expect(await ledger.commit(whole)).toEqual(conflict('version_conflict'))
      expect(calls).toHaveLength(2)
    },
  )

  it('tries again under the same request token after a collision, and waits in between', async () => {
    const collision = cancelled('TransactionConflict', NONE, NONE, 'ThrottlingError', NONE)
    const { calls, waits, ledger } = ledgerOver(collision, collision, { body: {} })
    expect(await ledger.commit(whole)).toMatchObject({ ok: true })
    expect(calls.map(({ body }) => body.ClientRequestToken)).toEqual(['request-1', 'request-1', 'request-1'])
    expect(waits).toEqual([13, 25])
  })

  it('gives up colliding after eight tries', async () => {
    const { calls, ledger } = ledgerOver(cancelled('TransactionConflict', NONE, NONE, NONE, NONE))
    expect(await ledger.commit(whole).catch(messagesOf)).toContain('collided 8 times')
    expect(calls).toHaveLength(8)
  })

  it('goes on without a refusal that a higher rank has made needless, as a new transaction', async () => {
    const higher = { Code: FAILED, Item: { 'r#refusal': { M: { rank: { N: '7' }, value: { S: 'null' } } } } }
    const { calls, ledger } = ledgerOver(cancelled(NONE, NONE, NONE, higher, NONE), { body: {} })
    expect(await ledger.commit(whole)).toMatchObject({ ok: true })
    expect(items(calls[1]).map(({ TableName }) => TableName)).toEqual([
      'Ledger',
      'Ledger',
      'Ledger',
      'Ledger',
    ])
    expect(calls[1]?.body.ClientRequestToken).toBe('request-2')
  })

  it('still writes the refusal when the row was swept in between', async () => {
    const { calls, ledger } = ledgerOver(cancelled(NONE, NONE, NONE, FAILED, NONE), { body: {} })
    expect(await ledger.commit(whole)).toMatchObject({ ok: true })
    expect(items(calls[1])).toHaveLength(5)
  })

  it('puts events behind the one they follow, even when that one was written by a faster clock', async () => {
    const ahead = { version: { N: '1' }, lastAt: { S: '2026-01-31T10:00:05.000Z' } }
    const { calls, ledger } = ledgerOver(cancelled({ Code: FAILED, Item: ahead }, NONE), { body: {} })
    expect(await ledger.commit({ entities: [entity()] })).toMatchObject({ ok: true })
    expect(items(calls[1])[1].Item.at.S).toBe('2026-01-31T10:00:05.000Z#tok_1#event#000000000002')
  })

  it('throws what is our fault, with the reasons', async () => {
    const { ledger } = ledgerOver(cancelled('ValidationError', NONE, NONE, NONE, NONE))
    expect(await ledger.commit(whole).catch(messagesOf)).toContain(
      'the transaction was cancelled: ValidationError, None',
    )
  })

  it('throws with its cause when the store does not answer in time', async () => {
    const { ledger } = ledgerOver(Object.assign(new Error('slow'), { name: 'TimeoutError' }))
    expect(await ledger.commit(whole).catch(messagesOf)).toContain(
      'the transaction failed: TimeoutError < slow',
    )
  })

  it('refuses a change of more than a hundred items before it is sent', async () => {
    const { calls, ledger } = ledgerOver()
    const claims = Array.from({ length: 99 }, (_, index) => ({
      name: `c${index}`,
      owner: 'api_1',
      expectedGeneration: 0,
    }))
    expect(await ledger.commit({ entities: [entity()], claims }).catch(messagesOf)).toMatch(
      /^the change is too large: 101 items/,
    )
    expect(calls).toEqual([])
  })

  it('refuses a change that names one entity twice', async () => {
    const { ledger } = ledgerOver()
    expect(await ledger.commit({ entities: [entity(), entity()] }).catch(messagesOf)).toContain('twice')
  })
})
