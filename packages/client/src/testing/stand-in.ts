import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Received {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** `silence` never answers; `reset` breaks the connection. A string body is sent as it is. */
export type Reply =
  | 'silence'
  | 'reset'
  | {
      readonly status?: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
    }

export interface StandIn extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
}

/** An HTTP server in the platform's place, on a free port, that answers as it is told. */
export const standIn = async (replyTo: (request: Received, index: number) => Reply): Promise<StandIn> => {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const asked = { method, path, headers, body: await text(request) }
    received.push(asked)
    send(response, replyTo(asked, received.length - 1))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const send = (response: ServerResponse, reply: Reply): void => {
  if (reply === 'silence') return
  if (reply === 'reset') {
    response.destroy()
    return
  }
  const { status = 200, body = {}, headers = {} } = reply
  const usual = status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': usual, ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
