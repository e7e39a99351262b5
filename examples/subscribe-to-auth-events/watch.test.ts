import type { EventOf } from '@countersign/core/events'
import { startTestGateway, type TestDelivery } from '@countersign/local/gateway'
import type { SQSEvent } from 'aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { type Account, type Alarm, watch } from './watch.ts'

const gateway = await startTestGateway({
  openapi: {
    openapi: '3.1.0',
    info: { title: 'Lettings', version: '1' },
    'x-countersign-authorization': 'token',
    paths: { '/lettings': { get: { responses: { 200: { description: 'All of them' } } } } },
  },
  upstream: async () => new Response(),
})
afterAll(() => gateway.close())

const accountBook = () => {
  const kept = new Map<string, EventOf>()
  const alarms: Alarm[] = []
  const notes: string[] = []
  const account: Account = {
    keep: async (event) => {
      if (kept.has(event.id)) return false
      kept.set(event.id, event)
      return true
    },
    last: async (subject) =>
      [...kept.values()]
        .filter((event) => event.subject === subject)
        .toSorted((a, b) => a.entityversion - b.entityversion)
        .at(-1),
    wake: async (alarm) => void alarms.push(alarm),
    note: (line) => void notes.push(line),
  }
  return { kept, alarms, notes, handle: watch(account) }
}

/** As SQS hands what the rule put into the queue to the function. */
const batch = (...deliveries: readonly (TestDelivery | string)[]): SQSEvent => ({
  Records: deliveries.map((delivery, index) => ({
    messageId: `${index}`,
    body: typeof delivery === 'string' ? delivery : JSON.stringify(delivery),
  })) as SQSEvent['Records'],
})

describe('the watch over auth events', async () => {
  const [used, leaked] = [await gateway.token(), await gateway.token()]
  await gateway.revoke(used)
  await gateway.revoke(leaked, 'compromised')
  await gateway.suspend(used.consumer)
  const deliveries = await gateway.events()

  it('keeps every event once, however often it is delivered', async () => {
    const { kept, handle } = accountBook()
    expect(await handle(batch(...deliveries))).toEqual({ batchItemFailures: [] })
    expect(await handle(batch(...deliveries))).toEqual({ batchItemFailures: [] })
    expect(kept.size).toBe(deliveries.length)
    const types = new Set([...kept.values()].map(({ type }) => type))
    expect([...types]).toEqual(
      expect.arrayContaining(['api.registered', 'token.issued', 'token.revoked', 'consumer.suspended']),
    )
  })

  it('wakes somebody for what matters, once, and for nothing else', async () => {
    const { alarms, handle } = accountBook()
    await handle(batch(...deliveries, ...deliveries))
    expect(alarms.map(({ because, subject }) => [because, subject])).toEqual([
      ['token.revoked', leaked.id],
      ['consumer.suspended', used.consumer],
    ])
  })

  it('notices that something is missing from the log of an entity', async () => {
    const { alarms, handle } = accountBook()
    const withoutFirst = deliveries.filter(
      ({ detail }) => detail.subject !== used.id || detail.type !== 'token.issued',
    )
    await handle(batch(...withoutFirst))
    expect(alarms).toContainEqual({
      because: 'gap',
      subject: used.id,
      text: 'version 2 came without those before it',
    })
  })

  it('gives back what it cannot read, alone', async () => {
    const { kept, notes, handle } = accountBook()
    const [first, second] = deliveries
    if (!first || !second) throw new Error('nothing happened')
    const unknown = JSON.stringify({ ...first, detail: { ...first.detail, type: 'token.sold' } })
    expect(await handle(batch(first, 'not JSON', unknown, second))).toEqual({
      batchItemFailures: [{ itemIdentifier: '1' }, { itemIdentifier: '2' }],
    })
    expect(kept.size).toBe(2)
    expect(notes).toHaveLength(2)
  })

  it('finds no token in anything it is told', () => {
    const text = JSON.stringify(deliveries)
    for (const { value } of [used, leaked]) expect(text).not.toContain(value.split('.')[2])
  })
})
