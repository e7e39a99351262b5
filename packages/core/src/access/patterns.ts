import type { Route } from '../shared/route.ts'
import { methodsOverlap } from './templates.ts'

/** Whether IAM's `*` (any text, slashes too) and `?` (any one character) in `pattern` can stand for `text`. */
export const globMatches = (pattern: string, text: string): boolean => {
  let [at, star, resume] = [0, -1, 0]
  for (let index = 0; index < text.length; ) {
    if (pattern[at] === '*') {
      star = at++
      resume = index
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[index])) {
      at++
      index++
    } else if (star >= 0) {
      at = star + 1
      index = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** `globMatches` for one pattern and many texts: most of them differ before its first wildcard or after its last, and most patterns have one `*`. */
export const globMatcher = (pattern: string): ((text: string) => boolean) => {
  const first = pattern.search(/[*?]/)
  if (first < 0) return (text) => text === pattern
  const head = pattern.slice(0, first)
  const tail = pattern.slice(Math.max(pattern.lastIndexOf('*'), pattern.lastIndexOf('?')) + 1)
  const fixed = head.length + tail.length
  const isOne = pattern.slice(first, pattern.length - tail.length) === '*'
  return (text) =>
    text.length >= fixed &&
    text.startsWith(head) &&
    text.endsWith(tail) &&
    (isOne || globMatches(pattern, text))
}

/** A template as an IAM pattern: every parameter is `*`. */
export const globOf = (path: string): string => path.replaceAll(/\{[^{}]+\}/g, '*')

/** Whether the IAM pattern of `from` matches a request that is `to`'s. */
export const reaches = (from: Route, to: Route): boolean =>
  reachesInPlace(from, to) || reachesBeyondMethod(from, to)

const reachesInPlace = (from: Route, to: Route): boolean => {
  if (!methodsOverlap(from.method, to.method)) return false
  const [a, b] = [formOf(from.path), formOf(to.path)]
  if (!(a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) || suffixesDiffer(a, b)) return false
  return intersects(a.glob, b.template)
}

/** The `*` that stands for `ANY` crosses slashes too: `stage/*` + `/x` matches `GET /admin/x`. */
export const reachesBeyondMethod = (from: Route, to: Route): boolean => {
  if (from.method !== 'ANY') return false
  const [a, b] = [formOf(from.path), formOf(to.path)]
  return !suffixesDiffer(a, b) && intersects(a.beyond, b.template)
}

/** Most pairs of routes differ before their first parameter or after their last, and need no closer look. */
interface Form {
  readonly prefix: string
  readonly suffix: string
  readonly glob: readonly PatternToken[]
  readonly beyond: readonly PatternToken[]
  readonly template: readonly PatternToken[]
}

const suffixesDiffer = (a: Form, b: Form): boolean =>
  !(a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix))

/** Longer paths are in no policy, and would fill the memory. */
const LONGEST_KEPT = 512
const KEPT = 4_000
const forms = new Map<string, Form>()

const formOf = (path: string): Form => {
  const known = forms.get(path)
  if (known) return known
  if (forms.size >= KEPT) forms.clear()
  const glob = globTokens(path)
  const form = {
    prefix: path.split('{', 1).join(''),
    suffix: path.slice(path.lastIndexOf('}') + 1),
    glob,
    beyond: [...literal('/'), ...anything, ...glob],
    template: templateTokens(path),
  }
  if (path.length <= LONGEST_KEPT) forms.set(path, form)
  return form
}

/** One character (`''`: any but a slash, `'*'`: any at all), once or any number of times. */
interface PatternToken {
  readonly one: string
  readonly many: boolean
}

const NOT_SLASH = ''
const ANYTHING = '*'

const tokens = (
  path: string,
  parameter: (name: string) => readonly PatternToken[],
): readonly PatternToken[] =>
  path.split(/(\{[^{}]+\})/).flatMap((part) => (part.startsWith('{') ? parameter(part) : literal(part)))

const literal = (text: string): readonly PatternToken[] => [...text].map((one) => ({ one, many: false }))

const anything: readonly PatternToken[] = [{ one: ANYTHING, many: true }]

const globTokens = (path: string) => tokens(path, () => anything)

const templateTokens = (path: string) =>
  tokens(path, (name) => {
    const one = name.endsWith('+}') ? ANYTHING : NOT_SLASH
    return [
      { one, many: false },
      { one, many: true },
    ]
  })

const compatible = (a: string, b: string): boolean => {
  if (a === ANYTHING || b === ANYTHING || a === b) return true
  return (a === NOT_SLASH && b !== '/') || (b === NOT_SLASH && a !== '/')
}

/** Whether some text matches both patterns; looks at every pair of positions once at most. */
const intersects = (left: readonly PatternToken[], right: readonly PatternToken[]): boolean => {
  const seen = new Set<number>()
  const pending: [number, number][] = [[0, 0]]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [i, j] = next
    const state = i * (right.length + 1) + j
    if (seen.has(state)) continue
    seen.add(state)
    const [a, b] = [left[i], right[j]]
    if (!a && !b) return true
    if (a?.many) pending.push([i + 1, j])
    if (b?.many) pending.push([i, j + 1])
    if (a && b && compatible(a.one, b.one)) pending.push([a.many ? i : i + 1, b.many ? j : j + 1])
  }
  return false
}
