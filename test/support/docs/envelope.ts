import { EVENT_SOURCE, type EventOf } from '@countersign/core/events'
import type { JsonSchema } from './schema.ts'

interface Attribute {
  readonly schema: JsonSchema
  readonly says: string
  readonly optional?: true
}

const text: JsonSchema = { type: 'string', description: 'text' }
const version: JsonSchema = { type: 'integer', minimum: 1 }

/** The attributes of every event, in words; a member that is added to the envelope does not compile until it is here. */
export const ENVELOPE = {
  specversion: { schema: { const: '1.0' }, says: 'CloudEvents 1.0' },
  id: {
    schema: { type: 'string', pattern: '^evt_[0-9a-z]{1,64}$', description: 'id of an event' },
    says: 'what consumers deduplicate on',
  },
  source: { schema: { const: EVENT_SOURCE }, says: 'who says it' },
  type: { schema: text, says: 'one of those below; also the `detail-type` on the bus' },
  subject: { schema: text, says: 'the id of the entity it happened to' },
  time: {
    schema: { type: 'string', format: 'date-time', pattern: 'Z$', description: 'RFC 3339, in UTC' },
    says: 'when it was decided',
  },
  datacontenttype: { schema: { const: 'application/json' }, says: 'of `data`' },
  dataversion: {
    schema: version,
    says: 'of the shape of `data`; a newer one than the reader knows is refused',
  },
  actor: {
    schema: text,
    says: 'who did it: the id of a consumer, `api-hub`, `schedule`, `secrets-manager`, `bootstrap`',
  },
  correlationid: { schema: text, says: 'in which request, publication or rotation' },
  causationid: {
    schema: text,
    says: 'because of which event; absent when a person or a clock was the cause',
    optional: true,
  },
  entityversion: { schema: version, says: '1 for the first event of its entity, then one more each' },
  previoushash: {
    schema: text,
    says: "`sha-256:` and the digest of the entity's previous event; empty for its first",
  },
  data: { schema: { type: 'object' }, says: 'what happened, by `type`' },
} as const satisfies Record<keyof EventOf, Attribute>

export const attributes = Object.entries(ENVELOPE) as readonly (readonly [keyof EventOf, Attribute])[]

export const envelopeSchema: JsonSchema = {
  type: 'object',
  properties: Object.fromEntries(
    attributes.map(([name, { schema, says }]) => [name, { ...schema, description: says }]),
  ),
  required: attributes.filter(([, { optional }]) => !optional).map(([name]) => name),
}
