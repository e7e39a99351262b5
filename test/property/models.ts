import type { PolicyDocument } from '@countersign/core/access'
import type { ProtectedRoute, Route } from '@countersign/core/shared'

/*
 * Two models written without the code under test: how IAM evaluates a policy, and how API Gateway picks a route.
 */
const iamMatches = (pattern: string, text: string): boolean => {
  const expression = pattern
    .split(/([*?])/)
    .map((part) =>
      part === '*' ? '[^]*' : part === '?' ? '[^]' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('')
  return new RegExp(`^${expression}$`).test(text)
}

export const iamAllows = (document: PolicyDocument, arn: string): boolean => {
  const effects = document.Statement.flatMap(({ Effect, Resource }) =>
    Resource.some((pattern) => iamMatches(pattern, arn)) ? [Effect] : [],
  )
  return effects.includes('Allow') && !effects.includes('Deny')
}

interface Candidate {
  readonly route: ProtectedRoute
  readonly rank: string
}

/** A template as a regular expression over decoded segments joined by a character that no segment holds. */
const templateMatches = (template: string, segments: readonly string[]): boolean => {
  const source = template
    .slice(1)
    .split('/')
    .map((segment) =>
      segment
        .split(/(\{[^}]+\})/)
        .map((part) =>
          part.endsWith('+}')
            ? '[^\\0]+(?:\\0[^\\0]+)*'
            : part.startsWith('{')
              ? '[^\\0]+'
              : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
        )
        .join(''),
    )
    .join('\\0')
  return new RegExp(`^${source}$`).test(segments.join('\0'))
}

const rankOf = ({ path, method }: Route): string =>
  path
    .slice(1)
    .split('/')
    .map((segment) => {
      if (!segment.includes('{')) return 'd'
      if (segment.endsWith('+}')) return 'a'
      return /^\{[^}]+\}$/.test(segment) ? 'b' : 'c'
    })
    .join('') + (method === 'ANY' ? '' : '~')

/** The routes API Gateway could pick; several only where templates with parameters within a segment are equals. */
export const picked = (
  routes: readonly ProtectedRoute[],
  method: string,
  path: string,
): readonly ProtectedRoute[] => {
  const segments = path.slice(1).split('/').map(decodeURIComponent)
  const candidates: Candidate[] = routes
    .filter((route) => route.method === 'ANY' || route.method === method)
    .filter((route) => templateMatches(route.path, segments))
    .map((route) => ({ route, rank: rankOf(route) }))
  const bare = (rank: string) => rank.replace('~', '')
  const best = candidates
    .map(({ rank }) => bare(rank))
    .sort((a, b) => (a < b ? -1 : 1))
    .at(-1)
  const paths = candidates.filter(({ rank }) => bare(rank) === best)
  const own = paths.filter(({ rank }) => rank.endsWith('~'))
  return (own.length > 0 ? own : paths).map(({ route }) => route)
}
