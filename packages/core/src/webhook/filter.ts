import { catalog, type EventType } from '../events/catalog.ts'

/** `token.revoked`, `token.*` for all of an entity, `*` for everything. */
export type EventPattern = string

const isMatch = (pattern: EventPattern, type: EventType): boolean =>
  pattern === '*' ||
  pattern === type ||
  (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)) && pattern.length > 2)

/** Does it select any event that there is? */
export const isKnownPattern = (pattern: EventPattern): boolean =>
  (Object.keys(catalog) as EventType[]).some((type) => isMatch(pattern, type))

export const selects = (patterns: readonly EventPattern[], type: EventType): boolean =>
  patterns.some((pattern) => isMatch(pattern, type))
