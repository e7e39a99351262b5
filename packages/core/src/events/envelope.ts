import * as z from 'zod'
import type { NewId } from '../shared/id.ts'
import { digestOf } from '../shared/json.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { Instant, idOf } from '../shared/schema.ts'
import { catalog, type EventOf, type FactOf, isEventType } from './catalog.ts'

export { fact } from './fact.ts'

/** The `source` of everything the platform says (CloudEvents 1.0 §3.1.2). */
export const EVENT_SOURCE = 'countersign'

/**
 * CloudEvents 1.0 attributes plus ours; extension names are lower case, as §3.1 asks. It travels as EventBridge's
 * `detail`. `id` is what consumers deduplicate on.
 */
export interface Envelope<Type extends string, Data> {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: typeof EVENT_SOURCE
  readonly type: Type
  /** The id of the entity it happened to. */
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  /** Version of the shape of `data`. */
  readonly dataversion: number
  readonly actor: string
  readonly correlationid: string
  /** The event because of which this one happened; absent when a person or a clock was the cause. */
  readonly causationid?: string
  /** 1 for the first event of its entity, then one more each. */
  readonly entityversion: number
  /** Hash of the entity's previous event; empty for its first. */
  readonly previoushash: string
  readonly data: Data
}

/** Who did it, in which request, because of which event, when. */
export interface Cause {
  readonly actor: string
  readonly correlationId: string
  readonly causationId?: string
  readonly now: Date
}

/** Where an entity's log ends. */
export interface LogEnd {
  readonly version: number
  /** Hash of the last event; empty when there is none. */
  readonly head: string
}

/** Gives facts their place at the end of an entity's log. */
export const recordFacts = (
  subject: string,
  end: LogEnd,
  facts: readonly FactOf[],
  cause: Cause,
  newId: NewId,
): readonly EventOf[] => {
  let { version, head } = end
  return facts.map(({ type, data }) => {
    version += 1
    const event = {
      specversion: '1.0',
      id: newId('event'),
      source: EVENT_SOURCE,
      type,
      subject,
      time: cause.now.toISOString(),
      datacontenttype: 'application/json',
      dataversion: catalog[type].version,
      actor: cause.actor,
      correlationid: cause.correlationId,
      ...(cause.causationId !== undefined && { causationid: cause.causationId }),
      entityversion: version,
      previoushash: head,
      data: catalog[type].data.parse(data),
    } as EventOf
    head = digestOf(event)
    return event
  })
}

const Attributes = z.object({
  specversion: z.literal('1.0'),
  id: idOf('event'),
  source: z.literal(EVENT_SOURCE),
  type: z.string(),
  subject: z.string().min(1),
  time: Instant,
  datacontenttype: z.literal('application/json'),
  dataversion: z.int().min(1),
  actor: z.string().min(1),
  correlationid: z.string().min(1),
  causationid: z.string().min(1).optional(),
  entityversion: z.int().min(1),
  previoushash: z.string(),
  data: z.unknown(),
})

export interface UnreadableEvent {
  readonly reason: 'event_unreadable'
  readonly detail: string
}

/** Parses what arrived over a queue or a stream; the one way from `unknown` to an event. */
export const parseEvent = (value: unknown): Result<EventOf, UnreadableEvent> => {
  const attributes = Attributes.safeParse(value)
  if (!attributes.success) return unreadable(z.prettifyError(attributes.error))
  const { type, dataversion } = attributes.data
  if (!isEventType(type)) return unreadable(`no event of the type "${type}" exists`)
  if (dataversion > catalog[type].version)
    return unreadable(`version ${dataversion} of "${type}" is newer than what this reader knows`)
  const data = catalog[type].data.safeParse(attributes.data.data)
  if (!data.success) return unreadable(z.prettifyError(data.error))
  return ok({ ...attributes.data, data: data.data } as EventOf)
}

const unreadable = (detail: string) => err({ reason: 'event_unreadable', detail } as const)
