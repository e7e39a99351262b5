import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { wholeUrl } from '../gateway/address.ts'
import type { GatewayRequest, GatewayResponse } from '../gateway/message.ts'
import { type Listening, listen } from './http-server.ts'

const servers: Listening[] = []
afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))))

const serving = async (handle: (request: GatewayRequest) => Promise<GatewayResponse>) => {
  const failures: unknown[] = []
  const address = (url: string) => ({ gatewayId: '', stage: '', ...wholeUrl(url) })
  const server = await listen(0, address, handle, (error) => void failures.push(error))
  servers.push(server)
  return { url: new URL(server.url), failures }
}

/** All that comes back on one connection, until it ends with `last`. */
const sent = (url: URL, text: string, last: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => socket.write(text))
    let received = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received += chunk.toString()
      if (!received.endsWith(last)) return
      socket.destroy()
      resolve(received)
    })
  })

const asking = (...paths: readonly string[]) =>
  paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('')

const saying = (body: string): GatewayResponse => ({ status: 200, headers: {}, body })

describe('the server', () => {
  it('answers what came at once on a connection in its order, whichever was done first', async () => {
    let second = () => {}
    const isDone = new Promise<void>((resolve) => {
      second = resolve
    })
    const { url } = await serving(async ({ path }) => {
      if (path === '/first') await isDone
      else second()
      return saying(`<${path}>`)
    })
    const received = await sent(url, asking('/first', '/second'), '</second>')
    expect(received.match(/<[^>]*>/g)).toEqual(['</first>', '</second>'])
  })

  it('says 502 in place of an answer that cannot be written, and writes the others of its turn', async () => {
    const { url, failures } = await serving(async ({ path }) =>
      path === '/bad' ? { status: 200, headers: { 'x-bad': 'a\nb' }, body: '' } : saying('<good>'),
    )
    const received = await sent(url, asking('/bad', '/good'), '<good>')
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 502', 'HTTP/1.1 200'])
    expect(failures).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CHAR' })])
  })
})
