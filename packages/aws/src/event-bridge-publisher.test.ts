import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { SQSClient } from '@aws-sdk/client-sqs'
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

const publisherOver = (...replies: Script) => publisherBefore({ body: { MessageId: 'm' } }, ...replies)

/** `queue` is what the dead-letter queue answers. */
const publisherBefore = (queue: Reply, ...replies: Script) => {
  const { calls, settings } = wire(...replies)
  const dead = wire(queue)
  const waits: number[] = []
  const publisher = eventBridgePublisher({
    busName: 'Bus',
    deadLetterQueueUrl: () => 'https://sqs.example/dead',
    client: new EventBridgeClient(settings),
    queueClient: new SQSClient({ ...dead.settings, md5: false, useQueueUrlAsEndpoint: false }),
    sleep: async (milliseconds) => waits.push(milliseconds),
    random: () => 0.5,
  })
  return { calls, waits, publisher, letters: dead.calls }
}

/** Takes every entry but those of which the codes say otherwise, by event id; each code is used up by one call. */
const takenBut =
  (codes: Record<string, string[]>) =>
  ({ body }: Call): Reply => {
    const Entries = body.Entries.map(({ Detail }: { Detail: string }) => {
      const code = codes[JSON.parse(Detail).id]?.shift()
      return code ? { ErrorCode: code, ErrorMessage: `it said ${code}` } : { EventId: 'a' }
    })
    const failed = Entries.filter((entry: object) => Object.hasOwn(entry, 'ErrorCode'))
    return { body: { FailedEntryCount: failed.length, Entries } }
  }

const idsIn = ({ body }: Call) => body.Entries.map(({ Detail }: { Detail: string }) => JSON.parse(Detail).id)

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
    const { calls, publisher, letters } = publisherOver(allTaken)
    const unpublished = await publisher.publish([event(1), event(2, 'x'.repeat(262_144)), event(3)])
    expect(unpublished).toMatchObject([{ eventId: 'evt_2', retryable: false }])
    expect(letters).toHaveLength(1)
    expect(letters[0]?.body.MessageBody).toMatch(/bytes; an event on the bus has 262144 at most/)
    expect(calls[0]?.body.Entries).toHaveLength(2)
  })

  it('puts again, one by one and after a wait, what a batch was taken without', async () => {
    const { calls, waits, publisher } = publisherOver(
      takenBut({ evt_1: ['ThrottlingException'], evt_3: ['InternalFailure', 'InternalFailure'] }),
    )
    expect(await publisher.publish(events(4))).toEqual([])
    expect(calls.slice(1).map(idsIn)).toEqual([['evt_1'], ['evt_3'], ['evt_3']])
    expect(waits).toEqual([13, 13, 25])
  })

  it('reports what stays untaken alone as worth another try, whatever it lacks, and bothers nobody with it', async () => {
    const { calls, publisher, letters } = publisherOver(
      takenBut({ evt_1: Array.from({ length: 9 }, () => 'AccessDeniedException') }),
    )
    expect(await publisher.publish(events(2))).toEqual([
      { eventId: 'evt_1', retryable: true, detail: 'AccessDeniedException: it said AccessDeniedException' },
    ])
    expect([calls.length, letters.length]).toEqual([3, 0])
  })

  it('lays what is wrong in itself among the dead letters, with its reason and without its data', async () => {
    const { calls, publisher, letters } = publisherOver(takenBut({ evt_1: ['MalformedDetail'] }))
    const detail = 'MalformedDetail: it said MalformedDetail'
    expect(await publisher.publish(events(2, 'a note'))).toEqual([
      { eventId: 'evt_1', retryable: false, detail },
    ])
    expect(calls).toHaveLength(1)
    expect(letters.map(({ operation, body }) => [operation, body.QueueUrl])).toEqual([
      ['SendMessage', 'https://sqs.example/dead'],
    ])
    expect(JSON.parse(letters[0]?.body.MessageBody)).toEqual({
      reason: detail,
      event: { id: 'evt_1', type: 'token.rejected', subject: 'tok_1', entityversion: 1 },
    })
  })

  it('has it come again when it could not be laid there: it is nowhere else', async () => {
    const { publisher } = publisherBefore(
      refusal('InternalError', {}, 500),
      takenBut({ evt_0: ['MalformedDetail'] }),
    )
    expect(await publisher.publish(events(1))).toMatchObject([
      { eventId: 'evt_0', retryable: true, detail: expect.stringContaining('the dead letter failed') },
    ])
  })

  it('takes an entry that was not answered for as not taken', async () => {
    const unanswered = { body: { FailedEntryCount: 0, Entries: [] } }
    const { publisher } = publisherOver(
      { body: { FailedEntryCount: 0, Entries: [{ EventId: 'a' }] } },
      unanswered,
    )
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
