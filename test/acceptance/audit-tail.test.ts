import { setTimeout } from 'node:timers/promises'
import { type AuditEvent, followEvents } from '@countersign/client'
import { afterAll, describe, expect, it } from 'vitest'
import { only } from '../support/only.ts'
import { done, openWorld } from '../support/world.ts'
import { auditLog, consumer, secondOperator } from './given.ts'

const world = await openWorld()
afterAll(() => world.stop())
const { client } = world

/** Follows until so many events were told. */
const follow = async (wanted: number, entity: string, from: string): Promise<readonly AuditEvent[]> => {
  const enough = new AbortController()
  const told: AuditEvent[] = []
  const options = { from, signal: enough.signal, lookMilliseconds: 200 }
  for await (const followed of followEvents(client, { entity }, options)) {
    if (!followed.ok) throw new Error(JSON.stringify(followed.error))
    told.push(followed.value)
    if (told.length >= wanted) enough.abort()
  }
  return told
}

describe('who follows the log', () => {
  it('is told of each event once, as it happens', async () => {
    const from = new Date(Date.now() - 60_000).toISOString()
    const { id } = await consumer(client, 'Who is followed')
    const following = follow(7, id, from)
    for (let turn = 0; turn < 3; turn++) {
      done(await client.consumers.suspend(id))
      await setTimeout(turn * 300)
      done(await client.consumers.resume(id))
    }
    expect((await following).map((event) => event.id)).toEqual(
      (await auditLog(client, { entity: id })).map((event) => event.id),
    )
  })
})

const STREAMS =
  'API Gateway and Lambda hold no stream: there the route answers with a page, and who follows looks again'

only('local', STREAMS, 'the stream of the log', () => {
  const stream = (query: string, more: Readonly<Record<string, string>> = {}, token = world.credential) =>
    fetch(`${world.api}/audit/events${query}`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...more },
    })

  /** The fields of the next events, as they stand on the wire. */
  const take = async (response: Response, count: number) => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (reader && text.split('\n\n').length - 2 < count) {
      const { value, done: over } = await reader.read()
      if (over) break
      text += value
    }
    await reader?.cancel()
    const [retry, ...events] = text.split('\n\n').slice(0, count + 1)
    expect(retry).toBe('retry: 1000')
    return events.map((event) =>
      Object.fromEntries(
        event
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      ),
    )
  }

  describe('the stream of the log', () => {
    it('goes on after Last-Event-ID, without a gap and without telling anything twice', async () => {
      const { id } = await consumer(client, 'Who is streamed')
      for (let turn = 0; turn < 4; turn++) await client.consumers[turn % 2 ? 'resume' : 'suspend'](id)
      const from = `?entity=${id}&from=2026-01-01T00:00:00Z`
      const first = await stream(from)
      expect(first.headers.get('content-type')).toBe('text/event-stream')
      const told = await take(first, 2)
      const rest = await take(await stream(from, { 'last-event-id': told[1]?.id ?? '' }), 3)
      const ids = [...told, ...rest].map(({ data }) => JSON.parse(data ?? '{}').id)
      expect(ids).toEqual((await auditLog(client, { entity: id })).map((event) => event.id))
      expect([...told, ...rest].map(({ event }) => event)).toEqual([
        'consumer.registered',
        ...[0, 1].flatMap(() => ['consumer.suspended', 'consumer.resumed']),
      ])
    })

    it('is one request in the log, however often it looks', async () => {
      const requests = async () =>
        (await world.logged()).filter(({ route }) => route === 'GET /audit/events').length
      const { id } = await consumer(client, 'Whose stream looks')
      for (let turn = 0; turn < 4; turn++) await client.consumers[turn % 2 ? 'resume' : 'suspend'](id)
      const before = await requests()
      await take(await stream(`?entity=${id}&from=2026-01-01T00:00:00Z`), 5)
      expect((await requests()) - before).toBe(1)
    })

    it('begins with what happens from now on, unless somebody says otherwise', async () => {
      const response = await stream('')
      const { id } = await consumer(client, 'Who comes now')
      const [event] = await take(response, 1)
      expect(JSON.parse(event?.data ?? '{}')).toMatchObject({ type: 'consumer.registered', subject: id })
    })

    it('refuses what the list refuses, as the list does', async () => {
      expect((await stream('', {}, 'garbage')).status).toBe(401)
      expect(await (await stream('?type=nonsense')).json()).toMatchObject({ code: 'invalid_request' })
      expect(await (await stream('', { 'last-event-id': 'mine' })).json()).toMatchObject({
        code: 'cursor_invalid',
      })
      const other = await secondOperator(world, ['GET /pipeline'])
      expect((await stream('', {}, other.secret)).status).toBe(403)
    })

    it('is told to sixteen at once and refused to one more, until somebody leaves', async () => {
      const open = await Promise.all(Array.from({ length: 16 }, () => stream('')))
      expect(open.map(({ status }) => status)).toEqual(Array(16).fill(200))
      const refused = await stream('')
      expect([refused.status, ((await refused.json()) as { readonly code: string }).code]).toEqual([
        503,
        'streams_full',
      ])
      for (const response of open) await response.body?.cancel()
      await expect
        .poll(async () => {
          const again = await stream('')
          await again.body?.cancel()
          return again.status
        })
        .toBe(200)
    })
  })
})
