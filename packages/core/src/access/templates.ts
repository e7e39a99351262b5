import {
  compilePath,
  formatRoute,
  METHODS,
  type Method,
  methodMatches,
  type PathPattern,
  type Route,
  shapeOf,
} from '../shared/route.ts'

interface Template extends PathPattern {
  readonly shape: string
  readonly specificity: readonly number[]
}

const KEPT = 10_000
const compiled = new Map<string, Template>()

/** Compiled once per template and process; templates come from the registry, never from a caller. */
export const templateOf = (path: string): Template => {
  const known = compiled.get(path)
  if (known) return known
  if (compiled.size >= KEPT) compiled.clear()
  const template = { ...compilePath(path), shape: shapeOf(path), specificity: specificityOf(path) }
  compiled.set(path, template)
  return template
}

/** Per segment: literal 3, literal with parameters 2, one parameter 1, greedy 0. */
const specificityOf = (path: string): readonly number[] =>
  path
    .slice(1)
    .split('/')
    .map((segment) =>
      !segment.includes('{') ? 3 : segment.endsWith('+}') ? 0 : /^\{[^{}]+\}$/.test(segment) ? 1 : 2,
    )

/** Positive when `a` is the more specific of two templates that match one path. */
export const compareSpecificity = (a: string, b: string): number => {
  const [left, right] = [templateOf(a).specificity, templateOf(b).specificity]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * The route API Gateway sends a request to: the most specific path that has the method, and on one path the method
 * itself before `ANY`. A grant for `/x/{id}` therefore never opens `/x/secret`, where both are registered.
 */
export const routeOf = <R extends Route>(
  routes: readonly R[],
  method: string,
  segments: readonly string[],
): R | undefined => {
  let best: R | undefined
  for (const route of routes) {
    if (!methodMatches(route.method, method) || !templateOf(route.path).match(segments)) continue
    if (!best || isBefore(route, best)) best = route
  }
  return best
}

const isBefore = (route: Route, other: Route): boolean => {
  const difference = compareSpecificity(route.path, other.path)
  return difference > 0 || (difference === 0 && route.method !== 'ANY' && other.method === 'ANY')
}

/** What of a registered route a granted one opens: the narrower of the two methods, or nothing. */
export const opens = (granted: Route, registered: Route): Method | undefined => {
  if (templateOf(granted.path).shape !== templateOf(registered.path).shape) return undefined
  if (granted.method === 'ANY') return registered.method
  return methodMatches(registered.method, granted.method) ? granted.method : undefined
}

/**
 * The methods of a registered route that are neither opened nor, on its own path, another route's; `ANY` when that is
 * all of an `ANY` route's.
 */
export const methodsLeft = (
  registered: Route,
  opened: ReadonlySet<Method>,
  others: ReadonlySet<Method>,
): readonly Method[] => {
  if (opened.has(registered.method)) return []
  if (registered.method !== 'ANY' || (opened.size === 0 && others.size === 0)) return [registered.method]
  return METHODS.filter((method) => method !== 'ANY' && !opened.has(method) && !others.has(method))
}

export const methodsOverlap = (a: Method, b: Method): boolean => a === b || a === 'ANY' || b === 'ANY'

/** Two routes that API Gateway could not tell apart. */
export const routeShape = (route: Route): string => formatRoute({ ...route, path: shapeOf(route.path) })
