import type { Route } from '../shared/route.ts'
import { methodMatches } from '../shared/route.ts'
import { opens, routeOf, templateOf } from './templates.ts'

/** A route that a grant or an access rule names, and where. */
export interface Candidate {
  readonly apiId: string
  readonly environment: string
  readonly route: Route
  /** Of an access rule; `held`: the person is a member. */
  readonly group?: { readonly id: string; readonly held: boolean }
}

export interface Wanted {
  /** Undefined when nothing is registered where the request goes. */
  readonly apiId: string | undefined
  readonly environment: string | undefined
  readonly method: string
  /** Starts with `/`, as it was asked for. */
  readonly path: string
  /** All routes of the API that was asked for. */
  readonly registered: readonly Route[]
}

export type Difference = 'api' | 'environment' | 'path' | 'method' | 'group'

export interface Nearest extends Candidate {
  /** What would have to be otherwise for it to open the request; empty when it names exactly what was asked for. */
  readonly differs: readonly Difference[]
}

/** The candidate with the least between it and the request: by API, environment, path, method, then group. */
export const nearestOf = (candidates: readonly Candidate[], wanted: Wanted): Nearest | undefined => {
  const segments = wanted.path.slice(1).split('/')
  const route = routeOf(wanted.registered, wanted.method, segments)
  let best: { readonly nearness: readonly number[]; readonly candidate: Candidate } | undefined
  for (const candidate of candidates) {
    const nearness = nearnessOf(candidate, wanted, route, segments)
    if (!best || isNearer(nearness, best.nearness)) best = { nearness, candidate }
  }
  return best && { ...best.candidate, differs: DIFFERENCES.filter((_, at) => (best.nearness[at] ?? 1) < 1) }
}

const DIFFERENCES = ['api', 'environment', 'path', 'method', 'group'] as const satisfies readonly Difference[]

/** From 0, nothing alike, to 1, the same; in the order of `DIFFERENCES`. */
const nearnessOf = (
  { apiId, environment, route: granted, group }: Candidate,
  wanted: Wanted,
  route: Route | undefined,
  segments: readonly string[],
): readonly number[] => [
  apiId === wanted.apiId ? 1 : 0,
  environment === wanted.environment ? 1 : 0,
  pathNearness(granted, route, segments),
  methodMatches(granted.method, wanted.method) ? 1 : 0,
  group?.held === false ? 0 : 1,
]

const isNearer = (a: readonly number[], b: readonly number[]): boolean => {
  const at = a.findIndex((nearness, index) => nearness !== b[index])
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** A template that matches is not enough where a more specific route takes the request. */
const pathNearness = (granted: Route, route: Route | undefined, segments: readonly string[]): number => {
  const same = route
    ? opens({ ...granted, method: 'ANY' }, route) !== undefined
    : templateOf(granted.path).match(segments)
  if (same) return 1
  const parts = granted.path.slice(1).split('/')
  const alike = parts.filter(
    (part, at) => part === segments[at] || (part.includes('{') && at < segments.length),
  )
  const literals = parts.filter((part, at) => part === segments[at])
  return (alike.length + literals.length) / (2 * Math.max(parts.length, segments.length) + 1)
}
