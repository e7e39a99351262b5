import type { Redacted, Result } from '@countersign/core/shared'
import { eventsIn, type StreamedEvent } from './event-source.ts'
import type { Failure, Outcome } from './outcome.ts'
import { pause } from './pause.ts'
import { parseJson, problemIn } from './problem.ts'

export interface TransportOptions {
  /** Where the HTTP API is, with or without a base path: `http://127.0.0.1:8787`. */
  readonly endpoint: string
  /** Routes that are open need none. */
  readonly credential?: Redacted<string>
  readonly fetch?: typeof globalThis.fetch
  /** For one attempt, until the whole body is there. */
  readonly timeLimitMilliseconds?: number
}

export interface RequestOptions {
  /** A new one for every POST unless given. */
  readonly idempotencyKey?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export type Query = Readonly<Record<string, string | number | undefined>>

export interface Call extends RequestOptions {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  /** In place of a body, as OAuth has it. */
  readonly form?: Readonly<Record<string, string | undefined>>
  /** The credential stays at home: whoever is meant says it in the form. */
  readonly open?: true
  /** The `etag` of what the caller has read: refused with 412 when it changed since. */
  readonly ifMatch?: string | undefined
}

export type Send = <Body>(call: Call) => Promise<Outcome<Body>>

/** `last`: the id of the last event that was read; the stream goes on after it. */
export interface StreamOptions {
  readonly last?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Undefined: what answered has no stream, and told a page. */
export type OpenStream = (
  path: string,
  query: Query,
  options: StreamOptions,
) => Promise<Result<AsyncIterable<StreamedEvent> | undefined, Failure>>

interface Reply {
  readonly status: number
  readonly statusText: string
  readonly text: string
  readonly etag?: string | undefined
  readonly retryAfter?: string | undefined
}

const TIME_LIMIT_MILLISECONDS = 10_000

/**
 * Sends calls, each once more when the connection fails, and up to two times more when the credential could not be checked;
 * a POST keeps its `Idempotency-Key`. Throws on a bad option.
 */
export const transport = (options: TransportOptions): Send => {
  const base = baseOf(options.endpoint)
  if (options.credential) checkCredential(options.credential)
  return async <Body>(call: Call): Promise<Outcome<Body>> => {
    const url = base + call.path + searchOf(call.query)
    const request = requestOf(call, options.credential)
    try {
      return outcomeOf<Body>(
        await attemptChecked(() => attempt(url, request, call.signal, options), call.signal),
      )
    } catch (cause) {
      return unreachable(cause)
    }
  }
}

/** Opens streams; a break is for whoever reads to mend, who knows where it was. */
export const streaming =
  (options: TransportOptions): OpenStream =>
  async (path, query, { last, signal }) => {
    const { credential, fetch = globalThis.fetch } = options
    const headers = {
      accept: 'text/event-stream, application/json, application/problem+json',
      ...(credential && { authorization: `Bearer ${credential.reveal()}` }),
      ...(last !== undefined && { 'last-event-id': last }),
    }
    try {
      const request = { headers, redirect: 'manual', ...(signal && { signal }) } as const
      const response = await fetch(baseOf(options.endpoint) + path + searchOf(query), {
        method: 'GET',
        ...request,
      })
      const { status, statusText, body } = response
      const streams = response.headers.get('content-type')?.startsWith('text/event-stream')
      if (status === 200 && streams && body) return { ok: true, value: unbroken(eventsIn(body)) }
      const outcome = outcomeOf<unknown>({ status, statusText, text: await response.text() })
      return outcome.ok ? { ok: true, value: undefined } : outcome
    } catch (cause) {
      return unreachable(cause)
    }
  }

/** A stream that breaks off has come to its end. */
async function* unbroken(events: AsyncIterable<StreamedEvent>): AsyncGenerator<StreamedEvent> {
  try {
    yield* events
  } catch {
    // Whoever reads opens it again where it was, and learns then what is wrong.
  }
}

const baseOf = (endpoint: string): string => {
  const url = URL.parse(endpoint)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password
  if (!plain || url.search || url.hash)
    throw new TypeError('the endpoint has to be an http or https URL without credentials, query or fragment')
  return url.href.replace(/\/+$/, '')
}

/** `fetch` would say the whole header in its error, token and all. */
const checkCredential = (credential: Redacted<string>): void => {
  if (!/^[\x21-\x7e]+$/.test(credential.reveal()))
    throw new TypeError('the credential is not a bearer token: it is empty, or holds spaces or line breaks')
}

const searchOf = (query: Query = {}): string => {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value))
  }
  return search.size === 0 ? '' : `?${search}`
}

const requestOf = (call: Call, credential: Redacted<string> | undefined): RequestInit => ({
  method: call.method,
  // A redirect would carry the credential to a place nobody named.
  redirect: 'manual',
  headers: headersOf(call, call.open ? undefined : credential),
  ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
  ...(call.form && { body: new URLSearchParams(givenIn(call.form)).toString() }),
})

const headersOf = (
  { method, body, form, idempotencyKey, ifMatch }: Call,
  credential: Redacted<string> | undefined,
): Record<string, string> => ({
  accept: 'application/json, application/problem+json',
  ...(credential && { authorization: `Bearer ${credential.reveal()}` }),
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
  ...(ifMatch !== undefined && { 'if-match': ifMatch }),
  ...(method === 'POST' && !form && { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() }),
})

const givenIn = (form: NonNullable<Call['form']>): [string, string][] =>
  Object.entries(form).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))

const attempt = async (
  url: string,
  request: RequestInit,
  signal: AbortSignal | undefined,
  { fetch = globalThis.fetch, timeLimitMilliseconds = TIME_LIMIT_MILLISECONDS }: TransportOptions,
): Promise<Reply> => {
  const limit = AbortSignal.timeout(timeLimitMilliseconds)
  const response = await fetch(url, { ...request, signal: signal ? AbortSignal.any([signal, limit]) : limit })
  const { status, statusText, headers } = response
  return {
    status,
    statusText,
    text: await response.text(),
    etag: headers.get('etag') ?? undefined,
    retryAfter: headers.get('retry-after') ?? undefined,
  }
}

const ATTEMPTS = 3
const LONGEST_WAIT_SECONDS = 5

/** A call whose credential could not be checked was not begun, whatever it is: made again, it does nothing twice. */
const attemptChecked = async (
  once: () => Promise<Reply>,
  signal: AbortSignal | undefined,
): Promise<Reply> => {
  for (let left = ATTEMPTS; left > 1; left--) {
    const reply = await attemptTwice(once, signal)
    if (!isUnchecked(reply)) return reply
    await pause(1_000 * secondsIn(reply), signal)
  }
  return attemptTwice(once, signal)
}

const isUnchecked = ({ status, statusText, text }: Reply): boolean =>
  status === 503 && problemIn(status, statusText, text)?.code === 'credential_unchecked'

/** How long it says to wait (RFC 9110 §10.2.3), within bounds. */
const secondsIn = ({ retryAfter = '' }: Reply): number =>
  /^\d{1,3}$/.test(retryAfter) ? Math.min(Number(retryAfter), LONGEST_WAIT_SECONDS) : 1

/** Not after the time limit or the caller's abort: only a broken connection is worth a second try. */
const attemptTwice = async (once: () => Promise<Reply>, signal: AbortSignal | undefined): Promise<Reply> => {
  try {
    return await once()
  } catch (cause) {
    if (cause instanceof DOMException || signal?.aborted) throw cause
    return once()
  }
}

const outcomeOf = <Body>({ status, statusText, text, etag }: Reply): Outcome<Body> => {
  if (status >= 400) {
    const problem = problemIn(status, statusText, text)
    if (!problem) return unreachable(new Error(`a proxy answered ${status} in place of the platform`))
    return { ok: false, error: { reason: 'problem', problem: { ...problem, status }, text } }
  }
  const body = text === '' ? null : parseJson(text)
  if (status >= 300 || body === undefined)
    return unreachable(new Error(`the answer ${status} is not JSON; the platform is somewhere else`))
  return { ok: true, value: { status, body: body as Body, text, ...(etag && { etag }) } }
}

const unreachable = (cause: unknown): { readonly ok: false; readonly error: Failure } => ({
  ok: false,
  error: { reason: 'unreachable', cause },
})
