import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { EventOf } from '@countersign/core/events'
import { Webhook as StandardWebhook } from 'standardwebhooks'

/** One request that a receiver got. */
export interface Heard {
  readonly headers: IncomingHttpHeaders
  /** As it came, to the byte. */
  readonly body: string
  readonly id: string
  readonly event: EventOf
}

/** A status, a status with headers, or no answer at all. */
export type Reply = number | { readonly status: number; readonly headers: Record<string, string> } | 'hangs'

export interface WebhookReceiver {
  readonly url: string
  readonly heard: readonly Heard[]
  /** Answers of the next requests, in turn, instead of those given before; after them 204. */
  answers(...replies: readonly Reply[]): void
  /** Once so many requests that match have come. */
  hears(what: string, matches: (heard: Heard) => boolean, times?: number): Promise<readonly Heard[]>
  close(): Promise<void>
}

const PATIENCE_MILLISECONDS = 60_000

/** Somebody's receiver of webhooks, on this machine. */
export const startReceiver = async (): Promise<WebhookReceiver> => {
  const heard: Heard[] = []
  const replies: Reply[] = []
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      heard.push({
        headers: request.headers,
        body,
        id: String(request.headers['webhook-id']),
        event: JSON.parse(body),
      })
      const reply = replies.shift() ?? 204
      if (typeof reply === 'number') response.writeHead(reply).end()
      else if (reply !== 'hangs') response.writeHead(reply.status, reply.headers).end()
      for (const look of waiting) look()
    })
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    heard,
    answers: (...given) => void replies.splice(0, replies.length, ...given),
    hears: (what, matches, times = 1) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          clearTimeout(timer)
          waiting.delete(look)
          end()
        }
        const look = () => {
          const found = heard.filter(matches)
          if (found.length >= times) settle(() => resolve(found))
        }
        const missing = new Error(`the receiver never heard this ${times} times: ${what}`)
        const timer = setTimeout(() => settle(() => reject(missing)), PATIENCE_MILLISECONDS)
        waiting.add(look)
        look()
      }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** What the published library makes of a request under a secret; throws where it is not signed so. */
export const verified = (secret: string | undefined, { body, headers }: Heard): unknown =>
  new StandardWebhook(secret ?? '').verify(body, headers as Record<string, string>)

/** Those of the secrets that signed a request, whenever that was. */
export const signers = ({ id, body, headers }: Heard, ...secrets: readonly (string | undefined)[]) => {
  const at = new Date(Number(headers['webhook-timestamp']) * 1_000)
  const signatures = String(headers['webhook-signature']).split(' ')
  return secrets.filter((secret = '') => signatures.includes(new StandardWebhook(secret).sign(id, at, body)))
}
