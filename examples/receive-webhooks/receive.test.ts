import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { done, startWorld } from '../../test/support/world.ts'
import { type ReceivedEvent, receiver } from './receive.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const kept = new Map<string, ReceivedEvent>()
const taken: ReceivedEvent[] = []
let isFull = false
const inbox = {
  keep: async (event: ReceivedEvent) => {
    if (isFull) throw new Error('the disk is full')
    if (kept.has(event.id)) return false
    kept.set(event.id, event)
    return true
  },
  take: (event: ReceivedEvent) => void taken.push(event),
}
beforeEach(() => {
  kept.clear()
  taken.length = 0
  isFull = false
})

const listening = async (secret: string) => {
  const server = receiver(secret, inbox)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

describe('the receiver of webhooks', async () => {
  const url = await listening(SECRET)
  const event = {
    id: 'evt_1',
    type: 'token.revoked',
    subject: 'tok_1',
    timestamp: '2026-03-01T12:00:00Z',
    data: {},
  }
  const send = async (body = JSON.stringify(event), at = new Date(), id = event.id, secret = SECRET) => {
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(event.id, at, JSON.stringify(event)),
    }
    return (await fetch(url, { method: 'POST', headers, body })).status
  }

  it('takes an event once, however often it comes', async () => {
    expect([await send(), await send(), taken]).toEqual([204, 204, [event]])
  })

  it('takes nothing that was altered, is of another id, too old, or signed by somebody else', async () => {
    expect(await send(JSON.stringify({ ...event, subject: 'tok_2' }))).toBe(401)
    expect(await send(undefined, undefined, 'evt_2')).toBe(401)
    expect(await send(undefined, new Date(Date.now() - 600_000))).toBe(401)
    expect(
      await send(undefined, undefined, undefined, `whsec_${Buffer.alloc(32, 8).toString('base64')}`),
    ).toBe(401)
    expect((await fetch(url, { method: 'POST', body: JSON.stringify(event) })).status).toBe(401)
    expect(taken).toEqual([])
  })

  it('has an event sent again that it could not keep', async () => {
    isFull = true
    expect([await send(), taken]).toEqual([500, []])
    isFull = false
    expect([await send(), taken]).toEqual([204, [event]])
  })

  it('reads no more than a receiver has to', async () => {
    expect(await send('x'.repeat(1_100_000))).toBe(413)
  })

  it('understands what the platform sends', async () => {
    const world = await startWorld({ webhookHosts: [{ host: '127.0.0.1' }] })
    const { client } = world
    // The URL is known before the secret is.
    let behind = receiver(SECRET, inbox)
    const door = createServer((request, response) => behind.emit('request', request, response))
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    const { port } = door.address() as AddressInfo
    const webhook = { url: `http://127.0.0.1:${port}/`, events: ['consumer.*'] }
    const { id, secret = '' } = done(await client.webhooks.register(webhook))
    behind = receiver(secret, inbox)
    expect(done(await client.webhooks.test(id))).toMatchObject({ delivered: true })
    const consumer = done(
      await client.consumers.register({ name: 'Repairs', type: 'service', owner: 'repairs' }),
    )
    await world.settled()
    expect(taken.map(({ type, subject }) => [type, subject])).toEqual([
      ['webhook.tested', id],
      ['consumer.registered', consumer.id],
    ])
    door.close()
    await world.stop()
  })
})
