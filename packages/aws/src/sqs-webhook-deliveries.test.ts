import { SQSClient } from '@aws-sdk/client-sqs'
import type { EventOf } from '@countersign/core/events'
import { describe, expect, it } from 'vitest'
import { sqsWebhookDeliveries } from './sqs-webhook-deliveries.ts'
import { messagesOf, type Script, wire } from './wire.fixture.ts'

const QUEUE = 'https://sqs.eu-west-2.amazonaws.com/1/Deliveries'
const event = {
  id: 'evt_1',
  source: 'countersign',
  type: 'token.revoked',
  time: '2026-01-01T00:00:00Z',
} as EventOf
const deliveries = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ webhookId: `whk_${index}` as const, event }))

const queueOver = (...replies: Script) => {
  const { calls, settings } = wire(...replies)
  return { calls, queue: sqsWebhookDeliveries({ queueUrl: QUEUE, client: new SQSClient(settings) }) }
}

describe('deliveries in SQS', () => {
  it('go ten at a time, each in the group of its webhook', async () => {
    const { calls, queue } = queueOver({ body: { Successful: [] } }, { body: { Successful: [] } })
    await queue.enqueue(deliveries(12))
    const entries = calls.map(({ body }) => (body as { readonly Entries: readonly object[] }).Entries)
    expect(entries.map(({ length }) => length)).toEqual([10, 2])
    expect(entries[1]?.[1]).toMatchObject({ Id: '1', MessageGroupId: 'whk_11' })
    expect(calls.map(({ operation }) => operation)).toEqual(['SendMessageBatch', 'SendMessageBatch'])
  })

  it('are not in the queue when SQS says so of one of them: the event is tried again', async () => {
    const failed = { Id: '1', Code: 'InternalError', SenderFault: false }
    const { queue } = queueOver({ body: { Successful: [], Failed: [failed] } })
    expect(await queue.enqueue(deliveries(3)).catch(messagesOf)).toContain('1 of 3 deliveries were not taken')
  })

  it('are put off by hiding them for longer', async () => {
    const { calls, queue } = queueOver({ body: {} })
    await queue.postpone('handle', 625)
    expect(calls).toEqual([
      {
        operation: 'ChangeMessageVisibility',
        body: { QueueUrl: QUEUE, ReceiptHandle: 'handle', VisibilityTimeout: 625 },
      },
    ])
  })
})
