import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Address } from '../gateway/address.ts'
import type { GatewayRequest, GatewayResponse, Streamed } from '../gateway/message.ts'
import { gatewayResponses } from '../gateway/responses.ts'

/** API Gateway takes 10 MB. */
const LARGEST_REQUEST_BYTES = 10_485_760

export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Reads the URL and the `Host` of a request; undefined: nothing lives there. */
export type AddressReader = (url: string, host: string | undefined) => Address | 'not-mapped' | undefined

/** How what the server says by itself is put, so that it reads like what stands behind it. */
type Dress = (response: GatewayResponse, request: GatewayRequest) => GatewayResponse

/** Serves on loopback. */
export const listen = async (
  port: number,
  addressOf: AddressReader,
  handle: (request: GatewayRequest) => Promise<GatewayResponse>,
  failed: (error: unknown) => void,
  dress: Dress = (response) => response,
): Promise<Listening> => {
  const atOnce = together()
  const server = createServer((incoming, outgoing) => {
    void respond(incoming, addressOf, handle, failed, dress)
      .catch((error: unknown) => {
        failed(error)
        return gatewayResponses.badGateway()
      })
      .then((response) => atOnce(() => void written(outgoing, response, failed)))
  })
  server.keepAliveTimeout = 60_000
  await bound(server, port)
  const { port: actual } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${actual}`, close: () => closed(server) }
}

/**
 * What is given in one turn of the event loop is done at its end. Who calls is on this machine: answers that are written
 * one after the other wake it once, and waking it costs more than to decide.
 */
const together = (): ((work: () => void) => void) => {
  let waiting: (() => void)[] = []
  const doAll = () => {
    const all = waiting
    waiting = []
    for (const work of all) work()
  }
  return (work) => {
    if (waiting.push(work) === 1) setImmediate(doAll)
  }
}

const bound = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 1_000).unref()
  })

const respond = async (
  incoming: IncomingMessage,
  addressOf: AddressReader,
  handle: (request: GatewayRequest) => Promise<GatewayResponse>,
  failed: (error: unknown) => void,
  dress: Dress,
): Promise<GatewayResponse> => {
  const address = addressOf(incoming.url ?? '/', incoming.headers.host)
  const body = await readBody(incoming)
  if (!address) return body ? gatewayResponses.notAGateway() : gatewayResponses.requestTooLong()
  if (address === 'not-mapped') return gatewayResponses.notMapped()
  const asked = { ...address, id: randomUUID(), method: incoming.method ?? 'GET' }
  const request = { ...asked, headers: pairs(incoming.rawHeaders), body: body ?? EMPTY }
  if (!body) return dress(gatewayResponses.requestTooLong(), request)
  return handle(request).catch((error: unknown) => {
    failed(error)
    return dress(gatewayResponses.badGateway(), request)
  })
}

const EMPTY = Buffer.alloc(0)

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0

const readBody = async (incoming: IncomingMessage): Promise<Buffer | undefined> => {
  if (!hasBody(incoming)) return EMPTY
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_REQUEST_BYTES) continue // read on, so that the client gets to read the answer
    chunks.push(chunk)
  }
  return size > LARGEST_REQUEST_BYTES ? undefined : Buffer.concat(chunks)
}

const pairs = (raw: readonly string[]): readonly (readonly [string, string])[] => {
  const all: [string, string][] = []
  for (let index = 0; index < raw.length; index += 2) all.push([raw[index] ?? '', raw[index + 1] ?? ''])
  return all
}

/** Nobody waits for an answer that cannot be written. */
const written = async (
  outgoing: ServerResponse,
  response: GatewayResponse,
  failed: (error: unknown) => void,
): Promise<void> => {
  try {
    await write(outgoing, response)
  } catch (error) {
    failed(error)
    if (outgoing.headersSent) outgoing.destroy()
    else await write(outgoing, gatewayResponses.badGateway())
  }
}

const write = async (outgoing: ServerResponse, { status, headers, body }: GatewayResponse): Promise<void> => {
  if (typeof body === 'object' && 'chunks' in body) {
    outgoing.writeHead(status, headers)
    return stream(outgoing, body)
  }
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  outgoing.end(outgoing.req.method === 'HEAD' ? undefined : body)
}

/** As fast as it is read, and no longer than it is read. */
const stream = async (outgoing: ServerResponse, { chunks, close }: Streamed): Promise<void> => {
  outgoing.once('close', close)
  try {
    for await (const chunk of chunks) {
      if (outgoing.destroyed) return
      if (!outgoing.write(chunk)) await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')])
    }
  } finally {
    close()
    outgoing.end()
  }
}
