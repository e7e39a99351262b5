/** What a service answers to one call; `'never'` answers only to the caller's own time limit. */
export type Reply = { readonly status?: number; readonly body: unknown } | Error | 'never'

export interface Call {
  /** `x-amz-target` without its version: `PutItem`. */
  readonly operation: string
  // biome-ignore lint/suspicious/noExplicitAny: assertions reach into requests of every shape
  readonly body: any
}

interface Request {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

export type Script = (Reply | ((call: Call) => Reply))[]

/**
 * Stands where the network is: records what a client of the SDK serialised and answers from a script, in order, the last
 * reply again and again.
 */
export const wire = (...replies: Script) => {
  const calls: Call[] = []
  const handle = async (request: Request, { abortSignal }: { abortSignal?: unknown } = {}) => {
    const body = JSON.parse(
      typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body),
    )
    const call = { operation: request.headers['x-amz-target']?.split('.').at(-1) ?? '', body }
    calls.push(call)
    const next = replies[Math.min(calls.length, replies.length) - 1] ?? { body: {} }
    const reply = typeof next === 'function' ? next(call) : next
    if (reply === 'never') return abortion(abortSignal as AbortSignal)
    if (reply instanceof Error) throw reply
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
    return { response: new Response(reply.status ?? 200, new TextEncoder().encode(text)) }
  }
  const handler = {
    handle,
    metadata: { handlerProtocol: 'http/1.1' },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  }
  const settings = {
    region: 'eu-west-2',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
    requestHandler: handler as never,
    maxAttempts: 1,
  }
  return { calls, settings }
}

/** A refusal as the JSON protocols put it. */
export const refusal = (code: string, members: object = {}, status = 400): Reply => ({
  status,
  body: { __type: `com.amazonaws#${code}`, message: code, ...members },
})

class Response {
  readonly headers = { 'content-type': 'application/x-amz-json-1.0' }
  readonly statusCode: number
  readonly body: Uint8Array

  constructor(statusCode: number, body: Uint8Array) {
    this.statusCode = statusCode
    this.body = body
  }
}

const abortion = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const refuse = () => reject(signal.reason)
    if (signal.aborted) refuse()
    else signal.addEventListener('abort', refuse)
  })

export const messagesOf = (error: unknown): string =>
  error instanceof Error ? `${error.message} < ${messagesOf(error.cause)}` : ''
