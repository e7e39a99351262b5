import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'

/** An event as it is sent: the envelope of docs/events.md, and its time as `timestamp`. */
export interface ReceivedEvent {
  readonly id: string
  readonly type: string
  readonly subject: string
  readonly timestamp: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What a receiver needs of its own world. */
export interface Inbox {
  /** False when an event of this id was kept before: deliveries are at least once. Throws when it could not be kept. */
  keep(event: ReceivedEvent): Promise<boolean>
  /** Is told of each event once. */
  take(event: ReceivedEvent): void
}

const LARGEST_BODY_BYTES = 1_048_576

/**
 * Receives webhooks. What is not signed with the secret, or older than five minutes, is 401 and looked at no further; what was
 * kept is 204, also the second time; what could not be kept is 500, so that it comes again.
 */
export const receiver = (secret: string, inbox: Inbox): Server => {
  const webhook = new Webhook(secret)
  const answer = async (request: IncomingMessage): Promise<number> => {
    const body = await bodyOf(request)
    if (body === undefined) return 413
    // Of the body as it came: a body that was parsed and written again has other bytes, and another signature.
    const event = webhook.verify(body, request.headers as Record<string, string>) as ReceivedEvent
    if (await inbox.keep(event)) inbox.take(event)
    return 204
  }
  return createServer((request, response) => {
    answer(request).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => response.writeHead(error instanceof WebhookVerificationError ? 401 : 500).end(),
    )
  })
}

const bodyOf = async (request: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > LARGEST_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
