import { SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { sqsPipeline } from './sqs-pipeline.ts'
import { type Call, messagesOf, type Reply, refusal, type Script, wire } from './wire.fixture.ts'

const QUEUES = {
  ProjectAccess: {
    queueUrl: 'https://sqs.eu-west-2.amazonaws.com/111111111111/main',
    deadLetterQueueUrl: 'https://sqs.eu-west-2.amazonaws.com/111111111111/dead',
  },
}

const pipelineOver = (...replies: Script) => {
  const { calls, settings } = wire(...replies)
  let now = 0
  const client = new SQSClient({ ...settings, md5: false })
  const pipeline = sqsPipeline({
    queues: QUEUES,
    client,
    clock: () => {
      now += 5_000
      return new Date(now)
    },
  })
  return { calls, pipeline }
}

const message = (id: number, body: string, sentAt = id) => ({
  MessageId: `m${id}`,
  ReceiptHandle: `r${id}`,
  Body: body,
  Attributes: { ApproximateReceiveCount: '6', SentTimestamp: `${sentAt}` },
})

const isDead = ({ body }: Call) => body.QueueUrl.endsWith('/dead')

describe('the state of the pipeline', () => {
  const statusOver = (...letters: object[]) =>
    pipelineOver((call): Reply => {
      if (call.operation === 'ReceiveMessage') return { body: { Messages: letters } }
      const [visible, hidden] = isDead(call) ? ['2', '1'] : ['7', '3']
      return {
        body: {
          Attributes: {
            ApproximateNumberOfMessages: visible,
            ApproximateNumberOfMessagesNotVisible: hidden,
          },
        },
      }
    })

  it('counts what waits, what is held and what is dead, hidden or not', async () => {
    const { unrelayed, subscriptions } = await statusOver().pipeline.status()
    expect(unrelayed).toBeUndefined()
    expect(subscriptions).toEqual([
      { name: 'ProjectAccess', waiting: 7, inFlight: 3, dead: 3, deadLetters: [] },
    ])
  })

  it('names a few dead letters, oldest first, by the id and type of their event alone', async () => {
    const own = {
      id: 'eb-1',
      'detail-type': 'token.issued',
      detail: { id: 'evt_1', data: { note: 'private' } },
    }
    const hub = { id: 'eb-2', 'detail-type': 'api-hub.api-published', detail: { name: 'x' } }
    const letters = [message(3, 'not JSON'), message(2, JSON.stringify(hub)), message(1, JSON.stringify(own))]
    const { subscriptions } = await statusOver(...letters).pipeline.status()
    expect(subscriptions[0]?.deadLetters).toEqual([
      { eventId: 'evt_1', eventType: 'token.issued', receives: 6, lastError: undefined },
      { eventId: 'eb-2', eventType: 'api-hub.api-published', receives: 6, lastError: undefined },
      { eventId: undefined, eventType: undefined, receives: 6, lastError: undefined },
    ])
  })

  it('gives back at once what it looked at', async () => {
    const { calls, pipeline } = statusOver()
    await pipeline.status()
    const looks = calls.filter(({ operation }) => operation === 'ReceiveMessage')
    expect(
      looks.map(({ body }) => [body.QueueUrl, body.VisibilityTimeout, body.MaxNumberOfMessages]),
    ).toEqual([[QUEUES.ProjectAccess.deadLetterQueueUrl, 1, 10]])
  })

  it('throws with its cause when a queue does not answer', async () => {
    const { pipeline } = pipelineOver(refusal('QueueDoesNotExist'))
    expect(await pipeline.status().catch(messagesOf)).toMatch(/a queue failed: QueueDoesNotExist < /)
  })
})

describe('redriving a subscription', () => {
  const script = (portions: object[][], others: (call: Call) => Reply) => (call: Call) =>
    call.operation === 'ReceiveMessage' ? { body: { Messages: portions.shift() ?? [] } } : others(call)

  const sent = () => ({ body: { MessageId: 'x', MD5OfMessageBody: '' } })

  it('sends each dead letter to the queue and only then deletes it, until none is left', async () => {
    const { calls, pipeline } = pipelineOver(
      script([[message(1, 'a'), message(2, 'b')], [message(3, 'c')]], sent),
    )
    expect(await pipeline.redrive('ProjectAccess')).toBe(3)
    const of = (handle: string, text: string) =>
      calls
        .filter(({ body }) => body.ReceiptHandle === handle || body.MessageBody === text)
        .map((call) => [call.operation, isDead(call)])
    for (const [handle, text] of [
      ['r1', 'a'],
      ['r2', 'b'],
      ['r3', 'c'],
    ] as const)
      expect(of(handle, text)).toEqual([
        ['SendMessage', false],
        ['DeleteMessage', true],
      ])
  })

  const lookedAt = async (hidden: string) => {
    const { calls, pipeline } = pipelineOver(
      script([], () => ({ body: { Attributes: { ApproximateNumberOfMessagesNotVisible: hidden } } })),
    )
    expect(await pipeline.redrive('ProjectAccess')).toBe(0)
    return calls.map(({ operation, body }) => [operation, body.WaitTimeSeconds, body.VisibilityTimeout])
  }

  it('waits for longer than a look of the status hides a message, where one is hidden', async () => {
    expect(await lookedAt('1')).toEqual([
      ['ReceiveMessage', 1, 13],
      ['GetQueueAttributes', undefined, undefined],
      ['ReceiveMessage', 3, 13],
    ])
  })

  it('does not wait for what is not there', async () => {
    expect(await lookedAt('0')).toEqual([
      ['ReceiveMessage', 1, 13],
      ['GetQueueAttributes', undefined, undefined],
    ])
  })

  it('keeps a dead letter that could not be sent, and says so', async () => {
    const { calls, pipeline } = pipelineOver(
      script([[message(1, 'a'), message(2, 'b')]], ({ operation, body }) =>
        operation === 'SendMessage' && body.MessageBody === 'b' ? refusal('InternalError', {}, 500) : sent(),
      ),
    )
    expect(await pipeline.redrive('ProjectAccess').catch(messagesOf)).toMatch(
      /^1 dead letters were moved, then one was not < sending a dead letter failed: InternalError/,
    )
    const deleted = calls.filter(({ operation }) => operation === 'DeleteMessage')
    expect(deleted.map(({ body }) => body.ReceiptHandle)).toEqual(['r1'])
  })

  it('ends in time even when every letter dies again at once', async () => {
    const { pipeline } = pipelineOver((call) =>
      call.operation === 'ReceiveMessage' ? { body: { Messages: [message(1, 'a')] } } : sent(),
    )
    expect(await pipeline.redrive('ProjectAccess')).toBe(2)
  })

  it.each(['Nobody', 'constructor', '__proto__'])('knows no subscription called %s', async (name) => {
    const { calls, pipeline } = pipelineOver()
    expect(await pipeline.redrive(name)).toBeUndefined()
    expect(calls).toEqual([])
  })
})
