import { type EventOf, fact, type Publisher, recordFacts } from '@countersign/core/events'
import { idFrom } from '@countersign/core/shared'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { make } from './relay.ts'

const eventAt = (count: number): EventOf => {
  const consumerId = idFrom('consumer', Buffer.from([count]))
  const registered = fact('consumer.registered', { consumerId, name: 'n', type: 'service', owner: 'o' })
  const cause = { actor: 'test', correlationId: 'test', now: new Date('2026-03-01T12:00:00Z') }
  const newId = (kind: Parameters<typeof idFrom>[0]) => idFrom(kind, Buffer.from([count]))
  const [event] = recordFacts(consumerId, { version: 0, head: '' }, [registered], cause, newId as never)
  if (!event) throw new Error('no event')
  return event
}

const events = [1, 2, 3].map(eventAt)
const batch = {
  Records: events.map((event, index) => ({
    eventName: 'INSERT',
    dynamodb: { SequenceNumber: `s${index}`, NewImage: { event: { S: JSON.stringify(event) } } },
  })),
} as DynamoDBStreamEvent

const relaying = (publish: Publisher['publish'], records = batch) =>
  make({ publisher: { publish }, log: () => {} })(records)

const unpublished = (eventId = '') => ({ eventId, retryable: true, detail: 'throttled' })

describe('the relay', () => {
  it('puts the events of the batch on the bus, in their order', async () => {
    const published: string[] = []
    const answer = await relaying(async (given) => {
      published.push(...given.map(({ id }) => id))
      return []
    })
    expect(answer).toEqual({ batchItemFailures: [] })
    expect(published).toEqual(events.map(({ id }) => id))
  })

  it('has everything come again from the first event that did not get through', async () => {
    const answer = await relaying(async () => [unpublished(events[2]?.id), unpublished(events[1]?.id)])
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 's1' }] })
  })

  it('has the whole batch come again when a failure does not say of what', async () => {
    expect(await relaying(async () => [unpublished('evt_other')])).toEqual({
      batchItemFailures: [{ itemIdentifier: 's0' }],
    })
  })

  it('passes over what the bus will never take, for it is among the dead letters, and goes on after it', async () => {
    const hopeless = { ...unpublished(events[0]?.id), retryable: false }
    expect(await relaying(async () => [hopeless])).toEqual({ batchItemFailures: [] })
    expect(await relaying(async () => [hopeless, unpublished(events[2]?.id)])).toEqual({
      batchItemFailures: [{ itemIdentifier: 's2' }],
    })
  })

  it('tells an operator which of them no repetition will put on the bus', async () => {
    const lines: unknown[] = []
    const failed = { eventId: events[0]?.id ?? '', retryable: false, detail: 'too large' }
    await make({ publisher: { publish: async () => [failed] }, log: (line) => void lines.push(line) })(batch)
    expect(lines).toEqual([
      { level: 'info', message: 'a batch was relayed', events: events.length, failed: 1 },
      { level: 'error', message: 'an event was not published', ...failed },
    ])
  })

  it('throws when nothing is known about any of them, so that all come again', async () => {
    await expect(relaying(() => Promise.reject(new Error('no bus')))).rejects.toThrow('no bus')
  })

  it('passes over what is no new event: changes, removals and the other items of the table', async () => {
    const [first] = batch.Records
    const others = [
      { ...first, eventName: 'MODIFY' },
      { ...first, eventName: 'REMOVE' },
      { eventName: 'INSERT', dynamodb: { SequenceNumber: 's', NewImage: { state: { S: '{}' } } } },
    ]
    const published: unknown[] = []
    await relaying(
      async (given) => {
        published.push(...given)
        return []
      },
      { Records: others } as DynamoDBStreamEvent,
    )
    expect(published).toEqual([])
  })

  it('stops at an event that cannot be read, rather than lose it', async () => {
    const damaged = {
      eventName: 'INSERT',
      dynamodb: { SequenceNumber: 's', NewImage: { event: { S: '{"id":"x"}' } } },
    }
    await expect(relaying(async () => [], { Records: [damaged] } as DynamoDBStreamEvent)).rejects.toThrow(
      'cannot be read',
    )
  })
})
