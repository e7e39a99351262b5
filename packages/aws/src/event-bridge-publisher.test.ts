import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { EventOf } from '@countersign/core/events'
import { describe, expect, it } from 'vitest'
import { eventBridgePublisher } from './event-bridge-publisher.ts'
import { type Call, messagesOf, type Reply, refusal, type Script, wire } from './wire.fixture.ts'

const event = (id: number, text = ''): EventOf => ({
  specversion: '1.0',
  id: `evt_${id}`,
  source: 'countersign',
  type: 'token.rejected',
  subject: 'tok_1',
  time: '2026-01-31T10:00:00.000Z',
  datacontenttype: 'application/json',
  dataversion: 1,
  actor: 'con_op',
  correlationid: 'req_1',
  entityversion: 1,
  previoushash: '',
  data: { tokenId: 'tok_1', rejectedBy: 'con_op', note: text },
})

const events = (count: number, text?: string) => Array.from({ length: count }, (_, i) => event(i, text))

const allTaken = ({ body }: Call): Reply => ({
  body: { FailedEntryCount: 0, Entries: body.Entries.map((_: object, i: number) => ({ EventId: `${i}` })) },
})

const publisherOver = (...replies: Script) => {
  const { calls, settings } = wire(...replies)
  return {
    calls,
    publisher: eventBridgePublisher({ busName: 'Bus', client: new EventBridgeClient(settings) }),
  }
}

describe('putting events on the bus', () => {
  it('sends the envelope whole, under its own source and type', async () => {
    const { calls, publisher } = publisherOver(allTaken)
    expect(await publisher.publish([event(1)])).toEqual([])
    expect(calls).toEqual([
      {
        operation: 'PutEvents',
        body: {
          Entries: [
            {
              EventBusName: 'Bus',
              Source: 'countersign',
              DetailType: 'token.rejected',
              Detail: JSON.stringify(event(1)),
              Time: Date.parse('2026-01-31T10:00:00Z') / 1_000,
            },
          ],
        },
      },
    ])
  })

  it('asks nothing when there is nothing to send', async () => {
    const { calls, publisher } = publisherOver(allTaken)
    expect(await publisher.publish([])).toEqual([])
    expect(calls).toEqual([])
  })

  it('sends at most ten at a time', async () => {
    const { calls, publisher } = publisherOver(allTaken)
    await publisher.publish(events(23))
    expect(calls.map(({ body }) => body.Entries.length)).toEqual([10, 10, 3])
  })

  it('sends at most 256 KiB at a time, counted in bytes', async () => {
    const { calls, publisher } = publisherOver(allTaken)
    await publisher.publish(events(5, 'é'.repeat(50_000)))
    expect(calls.map(({ body }) => body.Entries.length)).toEqual([2, 2, 1])
  })

  it('reports an event that is too large as never to be taken, and sends the others', async () => {
    const { calls, publisher } = publisherOver(allTaken)
    const unpublished = await publisher.publish([event(1), event(2, 'x'.repeat(262_144)), event(3)])
    expect(unpublished).toMatchObject([{ eventId: 'evt_2', retryable: false }])
    expect(calls[0]?.body.Entries).toHaveLength(2)
  })

  it('looks at each entry of an answer that is 200: which failed, and whether to try again', async () => {
    const { publisher } = publisherOver({
      body: {
        FailedEntryCount: 3,
        Entries: [
          { EventId: 'a' },
          { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' },
          { ErrorCode: 'MalformedDetail' },
          { ErrorCode: 'AccessDeniedException' },
        ],
      },
    })
    expect(await publisher.publish(events(4))).toEqual([
      { eventId: 'evt_1', retryable: true, detail: 'ThrottlingException: slow down' },
      { eventId: 'evt_2', retryable: false, detail: 'MalformedDetail' },
      { eventId: 'evt_3', retryable: true, detail: 'AccessDeniedException' },
    ])
  })

  it('takes an entry that was not answered for as not taken', async () => {
    const { publisher } = publisherOver({ body: { FailedEntryCount: 0, Entries: [{ EventId: 'a' }] } })
    expect(await publisher.publish(events(2))).toMatchObject([{ eventId: 'evt_1', retryable: true }])
  })

  it('reports the events of a call that failed when another call went through', async () => {
    const { publisher } = publisherOver(allTaken, refusal('InternalException', {}, 500))
    const unpublished = await publisher.publish(events(12))
    expect(unpublished.map(({ eventId, retryable }) => [eventId, retryable])).toEqual([
      ['evt_10', true],
      ['evt_11', true],
    ])
  })

  it('throws with its cause when no call went through', async () => {
    const { publisher } = publisherOver(refusal('InternalException', {}, 500))
    expect(await publisher.publish(events(12)).catch(messagesOf)).toMatch(
      /^no event could be put on the bus < putting events on the bus failed: InternalException/,
    )
  })
})
