import type { Id } from './id.ts'

/**
 * What the authorizer answers as `usageIdentifierKey`: all tokens of one consumer in one plan are counted together, so
 * that a renewed token keeps its count. It is an identifier and no credential: where API keys open routes, the plans of
 * tokens have no stage (docs/decisions: usage plans).
 */
export const usageKeyOf = (planId: Id<'usage-plan'>, consumerId: Id<'consumer'>): string =>
  `usage-${bodyOf(planId)}-${bodyOf(consumerId)}`

const bodyOf = (id: string): string => id.slice(id.indexOf('_') + 1)
