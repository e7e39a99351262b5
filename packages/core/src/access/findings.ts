import type { Json } from '../shared/json.ts'

/** What a decision looks at, in the contract's words; `ROAD` says in which order. */
export type Step =
  | 'credential'
  | 'format'
  | 'key'
  | 'signature'
  | 'claims'
  | 'coordinates'
  | 'deployment'
  | 'fence'
  | 'refusal'
  | 'row'
  | 'key-accepted'
  | 'expiry'
  | 'binding'
  | 'lifetime'
  | 'grants'
  | 'path'
  | 'route'
  | 'opened'
  | 'answer'

/** Plain values for people to read: ids, times, routes. Never a byte of a token, and no claim before its signature was found good. */
export type Found = Readonly<Record<string, Json | undefined>>

/**
 * Told at the beginning of every check, with what the check is about. The check that was told last is therefore the one
 * that refused, and those that were not told of were not reached. Nobody listens on the request path, where `note?.(…)`
 * does not even work out what it would say.
 */
export type Note = (step: Step, found: Found) => void

const BEFORE = [
  'credential',
  'format',
  'key',
  'signature',
  'claims',
  'coordinates',
  'deployment',
  'fence',
] as const
const AFTER = ['lifetime', 'grants', 'path', 'route', 'opened', 'answer'] as const

/** The steps of a decision about each kind of credential, in their order. */
export const ROAD = {
  token: [...BEFORE, 'refusal', 'row', 'expiry', 'binding', ...AFTER],
  session: [...BEFORE, 'refusal', 'row', 'expiry', 'binding', ...AFTER],
  'consumer-signed': [...BEFORE, 'row', 'key-accepted', 'refusal', ...AFTER],
} as const satisfies Record<string, readonly Step[]>
