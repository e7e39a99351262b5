import { setTimeout } from 'node:timers/promises'
import { type GatewayRequest, type GatewayResponse, headersNamed } from '../gateway/message.ts'

/** Asks the route for a page with these parameters in place of those of the request. */
type Ask = (query: URLSearchParams) => Promise<GatewayResponse>

export interface StreamOptions {
  readonly clock: () => Date
  /** Streams at the same time. */
  readonly most?: number
  /** How long one lives: then its reader comes again, and is asked for its credential again. */
  readonly lifetimeMilliseconds?: number
  readonly lookMilliseconds?: number
}

export interface EventStreams {
  /** Undefined: there are as many as there may be. */
  open(request: GatewayRequest, ask: Ask): Promise<GatewayResponse | undefined>
}

const MOST = 16
const LIFETIME_MILLISECONDS = 30_000
const LOOK_MILLISECONDS = 250
const RETRY_MILLISECONDS = 1_000

export const wantsStream = (request: GatewayRequest): boolean =>
  headersNamed(request, 'accept').some((value) => /(?:^|,)\s*text\/event-stream\s*(?:;|,|$)/i.test(value))

/**
 * The log as server-sent events: the route's own pages, of one event each, so that every event has the cursor after it as
 * its id. `Last-Event-ID` goes on there; without it a stream begins with what happens from now on, unless `from` or a
 * cursor says otherwise. What the route refuses is refused before anything is streamed.
 */
export const eventStreams = ({
  clock,
  most = MOST,
  lifetimeMilliseconds = LIFETIME_MILLISECONDS,
  lookMilliseconds = LOOK_MILLISECONDS,
}: StreamOptions): EventStreams => {
  let open = 0
  return {
    open: async (request, ask) => {
      const query = queryOf(request, clock())
      const first = await ask(query)
      if (first.status !== 200) return first
      if (open >= most) return undefined
      open += 1
      const closed = new AbortController()
      const close = () => {
        if (!closed.signal.aborted) open -= 1
        closed.abort()
      }
      const until = performance.now() + lifetimeMilliseconds
      const body = { chunks: chunksOf(query, first, ask, until, lookMilliseconds, closed.signal), close }
      return { status: 200, headers: HEADERS, body }
    },
  }
}

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

const queryOf = (request: GatewayRequest, now: Date): URLSearchParams => {
  const query = new URLSearchParams(request.query)
  const last = headersNamed(request, 'last-event-id').at(-1)
  if (last) query.set('cursor', last)
  if (!query.has('cursor') && !query.has('from')) query.set('from', now.toISOString())
  query.set('limit', '1')
  return query
}

interface OneEvent {
  readonly items: readonly { readonly type: string }[]
  readonly endCursor: string | null
}

async function* chunksOf(
  query: URLSearchParams,
  first: GatewayResponse,
  ask: Ask,
  until: number,
  lookMilliseconds: number,
  closed: AbortSignal,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MILLISECONDS}\n\n`
  let answer = first
  while (!closed.aborted && answer.status === 200) {
    const { items, endCursor } = JSON.parse(String(answer.body)) as OneEvent
    for (const event of items)
      yield `id: ${endCursor}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
    if (endCursor !== null) query.set('cursor', endCursor)
    if (performance.now() > until) return
    if (items.length === 0) await setTimeout(lookMilliseconds, undefined, { signal: closed }).catch(() => {})
    answer = await ask(query)
  }
}
