import { derivedFrom } from '../shared/derived.ts'
import type { Id } from '../shared/id.ts'
import { Redacted } from '../shared/redacted.ts'

export { digestOfValue, ROOT_SECRET_BYTES as SECRET_BYTES } from '../shared/derived.ts'

/** What a leaked key is recognised by; API Gateway takes 20 to 128 characters, these are 68. */
const PREFIX = 'csk-'

/**
 * The value of a key in one of its generations, derived from the platform's secret: who makes API Gateway's own key works it
 * out again, and a repeated request is answered with the same one.
 */
export const keyValueOf = (
  secret: Redacted<string>,
  id: Id<'api-key'>,
  generation: number,
): Redacted<string> =>
  new Redacted(
    `${PREFIX}${derivedFrom(secret, `countersign api key\n${id}\n${generation}`).reveal().toString('hex')}`,
  )
