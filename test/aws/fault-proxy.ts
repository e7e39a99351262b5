import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A call of a function's to AWS. */
export interface ServiceCall {
  /** `DynamoDB_20120810.BatchGetItem` without the prefix. */
  readonly operation: string
  readonly body: string
  /** The call as the function made it, or another body in its place. */
  forward(body?: string): Promise<ServiceAnswer>
}

export interface ServiceAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** `drop`: the connection breaks without an answer; `hang`: there is none, ever. */
export type Fault = (call: ServiceCall) => Promise<ServiceAnswer | 'drop' | 'hang'>

export interface FaultProxy {
  readonly endpoint: string
  /** What goes wrong from now on; undefined: nothing. */
  fault: Fault | undefined
  /** Operations that came through, since this was emptied last. */
  readonly calls: string[]
  close(): Promise<void>
}

/** Stands between the functions and AWS, and does to their calls what a bad day does. */
export const startFaultProxy = async (upstream: string): Promise<FaultProxy> => {
  const agent = new Agent({ keepAlive: true })
  const proxy = { fault: undefined as Fault | undefined, calls: [] as string[] }
  const server = createServer(async (incoming, outgoing) => {
    const body = (await buffer(incoming)).toString()
    const operation = String(incoming.headers['x-amz-target'] ?? incoming.url)
      .split('.')
      .slice(-1)
      .join()
    proxy.calls.push(operation)
    const forward = (changed = body) => send(agent, upstream, incoming, changed)
    const answer = await (proxy.fault?.({ operation, body, forward }) ?? forward()).catch(
      () => 'drop' as const,
    )
    if (answer === 'drop') incoming.socket.destroy()
    else if (answer !== 'hang') reply(outgoing, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(proxy, {
    endpoint: `http://127.0.0.1:${port}`,
    close: async () => {
      agent.destroy()
      server.closeAllConnections()
      server.close()
    },
  })
}

const reply = (outgoing: ServerResponse, { status, headers, body }: ServiceAnswer): void => {
  const { 'transfer-encoding': _, connection: __, ...kept } = headers
  outgoing.writeHead(status, { ...kept, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
}

const send = (
  agent: Agent,
  upstream: string,
  incoming: IncomingMessage,
  body: string,
): Promise<ServiceAnswer> =>
  new Promise((resolve, reject) => {
    const url = new URL(incoming.url ?? '/', upstream)
    const headers = { ...incoming.headers, 'content-length': String(Buffer.byteLength(body)) }
    const outgoing = httpRequest(url, { method: incoming.method, agent, headers }, (answer) => {
      buffer(answer).then(
        (bytes) =>
          resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes.toString() }),
        reject,
      )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })

/** A service's own refusal, in JSON. */
export const refusal = (status: number, type: string, more: object = {}): ServiceAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({ __type: type, message: `${type}, by the proxy`, ...more }),
})

/** The fault for these operations; all others pass. */
export const on =
  (operations: readonly string[], fault: Fault): Fault =>
  (call) =>
    operations.includes(call.operation) ? fault(call) : call.forward()

/** The first `count` calls go wrong, the others pass. */
export const first = (count: number, fault: Fault): Fault => {
  let left = count
  return (call) => (left-- > 0 ? fault(call) : call.forward())
}
