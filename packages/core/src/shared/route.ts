/** How a route is protected. `token+group`: either a token or a session of the right group opens it. */
export const AUTHORIZATIONS = ['iam', 'token', 'group', 'token+group', 'api-key', 'open'] as const
export type Authorization = (typeof AUTHORIZATIONS)[number]

export const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE', 'ANY'] as const
export type Method = (typeof METHODS)[number]

export interface Route {
  readonly method: Method
  /** A path template: `/tenancies/{id}`, `/files/{proxy+}`; with the document's base path, without the stage. */
  readonly path: string
}

export interface ProtectedRoute extends Route {
  readonly authorization: Authorization
}

export const formatRoute = ({ method, path }: Route): string => `${method} ${path}`

const isMethod = (value: string): value is Method => (METHODS as readonly string[]).includes(value)

/** Reads `GET /tenancies/{id}`; undefined when the method is unknown or the path is not a template. */
export const parseRoute = (text: string): Route | undefined => {
  const [method = '', path = '', ...rest] = text.split(' ')
  return rest.length === 0 && isMethod(method) && isTemplate(path) ? { method, path } : undefined
}

const SEGMENT = /^(?:[^{}\s?#*%\\\p{Cc}]|\{[A-Za-z0-9._~-]+\})*$/u
const GREEDY = /^\{[A-Za-z0-9._~-]+\+\}$/

/** Templates start with `/`, hold no dot segment and nothing encoded; `{x+}` may only be a whole last segment. */
export const isTemplate = (path: string): boolean => {
  if (!path.startsWith('/') || path.includes('//')) return false
  const segments = path.slice(1).split('/')
  return segments.every(
    (segment, index) =>
      (SEGMENT.test(segment) && !DOTS.test(segment)) ||
      (GREEDY.test(segment) && index === segments.length - 1),
  )
}

/** Dot segments (RFC 3986 §3.3), also with path parameters, which some servers take away before they look for dots: `..;a=1`. */
const DOTS = /^\.\.?(?:;.*)?$/

const PARAMETER = /\{[^{}]+\}/g

/** Two templates of one shape match the same paths: `/x/{a}` and `/x/{b}`. */
export const shapeOf = (template: string): string =>
  template.replaceAll(PARAMETER, (name) => (name.endsWith('+}') ? '{+}' : '{}'))

/**
 * The registered routes that a granted one stands for: `ANY` in a grant for every method registered on its path, another
 * method for the route that has it, or else for the path's `ANY`.
 */
export const routesCovered = (
  registered: readonly ProtectedRoute[],
  { method, path }: Route,
): readonly ProtectedRoute[] => {
  const onPath = registered.filter((route) => shapeOf(route.path) === shapeOf(path))
  if (method === 'ANY') return onPath
  const own = onPath.filter((route) => route.method === method)
  return own.length > 0 ? own : onPath.filter((route) => route.method === 'ANY')
}

/** The decoded segments of a request path, or why the path is refused rather than interpreted. */
export const segmentsOf = (path: string): readonly string[] | undefined => {
  if (!path.startsWith('/') || path.includes('//') || REFUSED_IN_PATH.test(path)) return undefined
  const segments: string[] = []
  for (const raw of path.slice(1).split('/')) {
    const segment = raw.includes('%') ? decodeOnce(raw) : raw
    if (segment === undefined || DOTS.test(segment)) return undefined
    segments.push(segment)
  }
  return segments
}

/** Encoded slashes, backslashes and NUL, control characters, and what IAM would read as a wildcard or a variable. */
const REFUSED_IN_PATH = /%2f|%5c|%00|%2a|%3f|[\\*?#\p{Cc}]|\$\{|%24(?:\{|%7b)|\$%7b/iu

const REFUSED_DECODED = /\p{Cc}/u

const decodeOnce = (raw: string): string | undefined => {
  try {
    const decoded = decodeURIComponent(raw)
    return REFUSED_DECODED.test(decoded) ? undefined : decoded
  } catch {
    return undefined
  }
}

/** A template, compiled once: `match` compares segment by segment, ordinal, `{x}` one segment, `{x+}` one or more. */
export interface PathPattern {
  readonly template: string
  match(segments: readonly string[]): boolean
}

export const compilePath = (template: string): PathPattern => {
  const parts = template.slice(1).split('/').map(compileSegment)
  const greedy = GREEDY.test(template.slice(template.lastIndexOf('/') + 1))
  const fixed = greedy ? parts.slice(0, -1) : parts
  const match = (segments: readonly string[]): boolean => {
    if (greedy ? segments.length <= fixed.length : segments.length !== fixed.length) return false
    for (let index = 0; index < fixed.length; index++) {
      if (!fixed[index]?.(segments[index] ?? '')) return false
    }
    return !greedy || segments.slice(fixed.length).every((segment) => segment !== '')
  }
  return { template, match }
}

type SegmentMatcher = (segment: string) => boolean

const compileSegment = (part: string): SegmentMatcher => {
  const literals = part.split(PARAMETER)
  if (literals.length === 1) return (segment) => segment === part
  if (literals.length === 2 && part.startsWith('{') && part.endsWith('}')) return (segment) => segment !== ''
  return (segment) => matchesLiterals(literals, segment)
}

/** `{base}...{head}.json` and the like: literals in order, at least one character for every parameter between. */
const matchesLiterals = (literals: readonly string[], segment: string): boolean => {
  const [first = '', ...rest] = literals
  const last = rest.pop() ?? ''
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false
  let at = first.length
  for (const literal of rest) {
    const found = segment.indexOf(literal, at + 1)
    if (found < 0) return false
    at = found + literal.length
  }
  return segment.length - last.length >= at + 1
}

export const methodMatches = (granted: Method, asked: string): boolean =>
  granted === 'ANY' || granted === asked
