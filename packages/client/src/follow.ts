import type { AuditEvent, AuditQuery } from './audit-shapes.ts'
import type { Client } from './client.ts'
import type { Failure } from './outcome.ts'
import { eachPage } from './pages.ts'
import { pause } from './pause.ts'

export interface FollowOptions {
  /** From then on; from now on unless given. */
  readonly from?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly now?: () => Date
  /** Waits between looks, where the platform cannot stream. */
  readonly lookMilliseconds?: number | undefined
}

type Filter = Pick<AuditQuery, 'entity' | 'type' | 'actor'>
type Followed =
  | { readonly ok: true; readonly value: AuditEvent }
  | { readonly ok: false; readonly error: Failure }

const LOOK_MILLISECONDS = 2_000
/** Looks that overlap: what a slow command says of a moment ago is still seen. */
const OVERLAP_MILLISECONDS = 120_000
const RECONNECT_MILLISECONDS = 500
const PAGE = 100

/**
 * What happens, as it happens, each event once; ends with the signal or with the first failure. Streams come to their end
 * and are gone on with where they ended. A platform that answers with pages instead is looked at again and again.
 */
export async function* followEvents(
  client: Pick<Client, 'audit'>,
  filter: Filter = {},
  options: FollowOptions = {},
): AsyncGenerator<Followed, void> {
  const { signal, now = () => new Date() } = options
  const from = options.from ?? now().toISOString()
  let last: string | undefined
  while (!signal?.aborted) {
    const opened = await client.audit.stream(
      { ...filter, ...(last === undefined && { from }) },
      { last, signal },
    )
    if (!opened.ok) {
      if (!signal?.aborted) yield opened
      return
    }
    if (opened.value === undefined) return yield* lookAgain(client, filter, from, options)
    for await (const { id, data } of opened.value) {
      last = id ?? last
      yield { ok: true, value: JSON.parse(data) as AuditEvent }
    }
    await pause(RECONNECT_MILLISECONDS, signal)
  }
}

async function* lookAgain(
  client: Pick<Client, 'audit'>,
  filter: Filter,
  begun: string,
  { signal, now = () => new Date(), lookMilliseconds = LOOK_MILLISECONDS }: FollowOptions,
): AsyncGenerator<Followed, void> {
  /** By id: when it happened. */
  let told = new Map<string, string>()
  let from = begun
  while (!signal?.aborted) {
    const query = { ...filter, from, limit: PAGE }
    for await (const page of eachPage((cursor) => client.audit.events({ ...query, cursor }))) {
      if (!page.ok) {
        yield page
        return
      }
      for (const event of page.value.body.items) {
        if (told.has(event.id)) continue
        told.set(event.id, event.time)
        yield { ok: true, value: event }
      }
    }
    const overlap = new Date(now().getTime() - OVERLAP_MILLISECONDS).toISOString()
    from = overlap > begun ? overlap : begun
    told = new Map([...told].filter(([, time]) => time >= from))
    await pause(lookMilliseconds, signal)
  }
}
