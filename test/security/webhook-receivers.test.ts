import type { LookupAddress } from 'node:dns'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { setDefaultCACertificates } from 'node:tls'
import { Webhooks } from '@countersign/core/webhook'
import { type Lookup, webhookReceivers } from '@countersign/functions/runtime/webhook-receivers'
import { afterEach, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.ts'

const HOST = 'hooks.example.org'
const LIMITS = { connectMilliseconds: 300, answerMilliseconds: 600, bodyMilliseconds: 100 }
const at = (...addresses: readonly string[]): readonly LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const LOOPBACK: Lookup = async () => at('127.0.0.1')

const open: { readonly server: Server; readonly sockets: Set<Socket> }[] = []
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Its port, once it listens. */
const listening = async (server: Server): Promise<number> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  open.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

interface Seen {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A receiver over http that notes what it gets. */
const receiver = async (answer: (response: ServerResponse, request: IncomingMessage) => void) => {
  const seen: Seen[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      answer(response, request)
    })
  }
  return { port: await listening(createServer(listener)), seen }
}

/** What comes of a POST to `url`, where `hosts` are allowed and every name leads to loopback unless told otherwise. */
const post = (url: string, { hosts = HOST, lookup = LOOPBACK, limits = LIMITS } = {}) => {
  const allowed = Webhooks.readAllowedHosts(hosts)
  if (!allowed.ok) throw new Error(`no hosts: ${allowed.error}`)
  const receivers = webhookReceivers({
    ...{ allowedHosts: () => allowed.value, clock: () => new Date(), lookup, limits },
  })
  return receivers.post({ url, headers: { 'webhook-id': 'evt_1' }, body: '{"é":1}' })
}

const trouble = (error: string) => ({ ok: false, error })
const answered = (status: number) => ({ ok: true, value: { status, retryAfterSeconds: undefined } })

describe('a receiver', () => {
  it('gets one POST with what was to be sent, whole', async () => {
    const { port, seen } = await receiver((response) => response.writeHead(204).end())
    expect(await post(`http://${HOST}:${port}/a/b`)).toEqual(answered(204))
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      body: '{"é":1}',
      headers: { 'webhook-id': 'evt_1', 'content-length': '8' },
    })
  })

  it.each([301, 302, 303, 307, 308])(
    'is asked nothing more when it answers %d: no redirect is followed',
    async (status) => {
      const { port, seen } = await receiver((response, request) =>
        response.writeHead(status, { location: `http://${request.headers.host}/elsewhere` }).end(),
      )
      expect(await post(`http://${HOST}:${port}/`)).toEqual(answered(status))
      expect(seen).toHaveLength(1)
    },
  )

  it.each([
    ['120', 120],
    ['soon', undefined],
  ])('may ask for time with Retry-After: %s', async (header, retryAfterSeconds) => {
    const { port } = await receiver((response) => response.writeHead(429, { 'retry-after': header }).end())
    expect(await post(`http://${HOST}:${port}/`)).toEqual({
      ok: true,
      value: { status: 429, retryAfterSeconds },
    })
  })
})

describe('a receiver that misbehaves', () => {
  it('hangs: it is left when its time is over', async () => {
    const { port } = await receiver(() => {})
    expect(await post(`http://${HOST}:${port}/`)).toEqual(trouble('timed_out'))
  })

  it('answers its head byte by byte, without end', async () => {
    const port = await listening(
      createTcpServer((socket) => {
        const timer = setInterval(() => socket.write('x'), 10)
        socket.write('HTTP/1.1 200 OK\r\nx-slow: ')
        socket.on('close', () => clearInterval(timer))
      }),
    )
    expect(await post(`http://${HOST}:${port}/`)).toEqual(trouble('timed_out'))
  })

  it('answers its body byte by byte: the status counts, and nobody waits for the rest', async () => {
    const { port } = await receiver((response) => {
      const timer = setInterval(() => response.write('x'), 10)
      response.writeHead(200).on('close', () => clearInterval(timer))
    })
    const limits = { ...LIMITS, answerMilliseconds: 60_000 }
    expect(await post(`http://${HOST}:${port}/`, { limits })).toEqual(answered(200))
  })

  it('answers with a body that never ends: little of it is read', async () => {
    let written = 0
    const { port } = await receiver((response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536
      }
      response.writeHead(200).on('drain', more)
      more()
    })
    const limits = { ...LIMITS, bodyMilliseconds: 60_000 }
    expect(await post(`http://${HOST}:${port}/`, { limits })).toEqual(answered(200))
    expect(written).toBeLessThan(16 * 1_048_576)
  })

  it('resets the connection instead of an answer', async () => {
    const port = await listening(
      createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    )
    expect(await post(`http://${HOST}:${port}/`)).toEqual(trouble('connection_broken'))
  })

  it.each([
    ['closes without a word', ''],
    ['answers what is no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['changes protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
    ['answers with a head of megabytes', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(2_000_000)}\r\n\r\n`],
  ])('%s', async (_, text) => {
    const port = await listening(createTcpServer((socket) => socket.once('data', () => socket.end(text))))
    expect(await post(`http://${HOST}:${port}/`)).toEqual(trouble('connection_broken'))
  })

  it('breaks off in the middle of its body: the status counts', async () => {
    const text = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'
    const port = await listening(createTcpServer((socket) => socket.once('data', () => socket.end(text))))
    expect(await post(`http://${HOST}:${port}/`)).toEqual(answered(200))
  })

  it('is not there', async () => {
    const port = await listening(createTcpServer())
    await new Promise((resolve) => open.splice(0)[0]?.server.close(resolve))
    expect(await post(`http://${HOST}:${port}/`)).toEqual(trouble('connection_failed'))
  })

  it('has a name that nobody knows, or one that is looked up without end', async () => {
    const unknown: Lookup = async () => Promise.reject(new Error('ENOTFOUND'))
    const endless: Lookup = () => new Promise(() => {})
    expect(await post(`http://${HOST}/`, { lookup: unknown })).toEqual(trouble('name_unknown'))
    expect(await post(`http://${HOST}/`, { lookup: async () => [] })).toEqual(trouble('name_unknown'))
    expect(await post(`http://${HOST}/`, { lookup: endless })).toEqual(trouble('timed_out'))
  })
})

describe('a receiver over https', () => {
  const secure = async (identity = selfSigned(HOST)) => {
    const server = createSecureServer(identity, (_, response) => void response.writeHead(204).end())
    return { identity, port: await listening(server) }
  }

  it('is told nothing under a certificate that nobody vouches for, that is over, or that is another host’s', async () => {
    const unknown = await secure()
    const over = await secure(selfSigned(HOST, new Date(Date.now() - 10 * 86_400_000)))
    const other = await secure(selfSigned('other.example.org'))
    setDefaultCACertificates([over.identity.cert, other.identity.cert])
    for (const { port } of [unknown, over, other])
      expect(await post(`https://${HOST}:${port}/`)).toEqual(trouble('tls_failed'))
  })

  it('is sent to under its own', async () => {
    const { identity, port } = await secure()
    setDefaultCACertificates([identity.cert])
    expect(await post(`https://${HOST}:${port}/`)).toEqual(answered(204))
  })

  it('that speaks no TLS, or begins and hangs, is left', async () => {
    const plain = await listening(createTcpServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')))
    const hanging = await listening(createTcpServer(() => {}))
    expect(await post(`https://${HOST}:${plain}/`)).toEqual(trouble('tls_failed'))
    expect(await post(`https://${HOST}:${hanging}/`)).toEqual(trouble('timed_out'))
  })
})

describe('an address inside', () => {
  /** What a name leads to, one answer after the other; and how often it was asked. */
  const turning = (...answers: readonly (readonly string[])[]) => {
    let asked = 0
    const lookup: Lookup = async () => at(...(answers[asked++] ?? answers.at(-1) ?? []))
    return { lookup, asked: () => asked }
  }
  const guarded = (lookup: Lookup, hosts = '') => {
    const allowed = Webhooks.readAllowedHosts(hosts)
    return webhookReceivers({
      allowedHosts: () => (allowed.ok ? allowed.value : []),
      clock: () => new Date(),
      lookup,
      limits: LIMITS,
    })
  }
  const sending = (url: string) => ({ url, headers: {}, body: '{}' })

  it.each([
    ...['127.0.0.1', '10.0.0.1', '169.254.169.254', '100.100.100.200', '192.168.1.1', '224.0.0.1', '0.0.0.0'],
    ...[
      '::1',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
      'fd00:ec2::254',
      'fe80::1',
      'fe80::1%eth0',
      '2002:7f00:1::1',
    ],
  ])('is not connected to when a name leads to it: %s', async (address) => {
    const { lookup } = turning([address])
    expect(await guarded(lookup).check(`https://${HOST}/`)).toEqual(trouble('webhook_address_refused'))
    expect(await guarded(lookup).post(sending(`https://${HOST}/`))).toEqual(trouble('address_refused'))
  })

  it('is not connected to when it is one of several', async () => {
    const { lookup } = turning(['1.1.1.1', '10.0.0.1'])
    expect(await guarded(lookup).check(`https://${HOST}/`)).toEqual(trouble('webhook_address_refused'))
    expect(await guarded(lookup).post(sending(`https://${HOST}/`))).toEqual(trouble('address_refused'))
  })

  it('is not reached by a name that was good when it was registered and leads inside now', async () => {
    const { port, seen } = await receiver((response) => response.end())
    const { lookup } = turning(['1.1.1.1'], ['127.0.0.1'])
    const receivers = guarded(lookup)
    expect(await receivers.check(`https://${HOST}:${port}/`)).toEqual({
      ok: true,
      value: `https://${HOST}:${port}/`,
    })
    expect(await receivers.post(sending(`https://${HOST}:${port}/`))).toEqual(trouble('address_refused'))
    expect(seen).toEqual([])
  })

  it('is not reached by a name that changes between the look and the connection: it is looked up once', async () => {
    const { port, seen } = await receiver((response) => response.end())
    const { lookup, asked } = turning(['127.0.0.1'], ['192.0.2.1'])
    expect(await guarded(lookup, HOST).post(sending(`http://${HOST}:${port}/`))).toEqual(answered(200))
    expect([asked(), seen.length]).toEqual([1, 1])
  })

  it('is not connected to as an address in the URL, where there is no name to look up', async () => {
    const { port, seen } = await receiver((response) => response.end())
    for (const host of ['127.0.0.1', '[::1]', '2130706433', '0x7f.1', '[::ffff:7f00:1]'])
      for (const scheme of ['http', 'https'])
        expect(await guarded(LOOPBACK).post(sending(`${scheme}://${host}:${port}/`))).toEqual(
          trouble('address_refused'),
        )
    expect(seen).toEqual([])
  })

  it('is not connected to any more once its host is not allowed any more', async () => {
    const { port, seen } = await receiver((response) => response.end())
    let allowed = [{ host: '127.0.0.1' }]
    const receivers = webhookReceivers({
      allowedHosts: () => allowed,
      clock: () => new Date(),
      limits: LIMITS,
    })
    expect(await receivers.post(sending(`http://127.0.0.1:${port}/`))).toEqual(answered(200))
    allowed = []
    expect(await receivers.post(sending(`http://127.0.0.1:${port}/`))).toEqual(trouble('address_refused'))
    expect(seen).toHaveLength(1)
  })

  it('is registered where it is allowed, as a URL is kept', async () => {
    expect(await guarded(LOOPBACK, '127.0.0.1').check('http://2130706433:9000/x/../a')).toEqual({
      ok: true,
      value: 'http://127.0.0.1:9000/a',
    })
    const unknown: Lookup = async () => Promise.reject(new Error('ENOTFOUND'))
    expect(await guarded(unknown).check(`https://${HOST}/`)).toEqual(trouble('webhook_host_unknown'))
  })
})
