import type { Method, ProtectedRoute, Route } from '../shared/route.ts'
import { compareSpecificity, methodsLeft, methodsOverlap, templateOf } from './templates.ts'

/** What API Gateway accepts of an authorizer's policy. */
const LARGEST_POLICY_BYTES = 8_192
const LONGEST_RESOURCE = 512

export interface PolicyStatement {
  readonly Action: 'execute-api:Invoke'
  readonly Effect: 'Allow' | 'Deny'
  readonly Resource: readonly string[]
}

export interface PolicyDocument {
  readonly Version: '2012-10-17'
  readonly Statement: readonly PolicyStatement[]
}

/** What of one registered route a token opens. */
export interface OpenedRoute {
  readonly registered: ProtectedRoute
  readonly methods: ReadonlySet<Method>
}

/**
 * A policy for every route a token opens on a deployment, so that API Gateway may cache it. IAM's `*` crosses slashes,
 * so a pattern may reach a registered route that is not opened: that one gets an explicit Deny. Undefined when the two
 * cannot be told apart by patterns, or when API Gateway would not take the policy.
 */
export const wholePolicy = (
  stageArn: string,
  registered: readonly ProtectedRoute[],
  opened: readonly OpenedRoute[],
): PolicyDocument | undefined => {
  const allowed = opened.flatMap(({ registered: { path }, methods }) =>
    [...methods].map((method): Route => ({ method, path })),
  )
  const openedOf = new Map(opened.map((route) => [route.registered, route.methods]))
  const left = registered.flatMap((route) =>
    methodsLeft(route, openedOf.get(route) ?? new Set()).map(
      (method): Route => ({ method, path: route.path }),
    ),
  )
  const denied = left.filter((route) => allowed.some((other) => reaches(other, route)))
  if (denied.some((route) => allowed.some((other) => reaches(route, other) && !isRoutedTo(route, other))))
    return undefined
  return fitting(policy(resources(stageArn, allowed), resources(stageArn, denied)))
}

/** Allows exactly what was asked: what is left when patterns cannot say it. */
export const narrowestPolicy = (methodArn: string): PolicyDocument | undefined =>
  fitting(policy([methodArn], []))

/** The same policy, with what was asked refused in so many words. */
export const refusing = (document: PolicyDocument | undefined, methodArn: string): PolicyDocument => {
  const asked =
    methodArn.length <= LONGEST_RESOURCE ? methodArn : `${methodArn.slice(0, LONGEST_RESOURCE - 1)}*`
  const refusal: PolicyStatement = { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [asked] }
  const both: PolicyDocument = { Version: '2012-10-17', Statement: [...(document?.Statement ?? []), refusal] }
  return fitting(both) ?? { Version: '2012-10-17', Statement: [refusal] }
}

const policy = (allow: readonly string[], deny: readonly string[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [
    ...(allow.length > 0 ? [statement('Allow', allow)] : []),
    ...(deny.length > 0 ? [statement('Deny', deny)] : []),
  ],
})

const statement = (Effect: 'Allow' | 'Deny', Resource: readonly string[]): PolicyStatement => ({
  Action: 'execute-api:Invoke',
  Effect,
  Resource,
})

const fitting = (document: PolicyDocument): PolicyDocument | undefined => {
  const resourcesFit = document.Statement.every(({ Resource }) =>
    Resource.every((arn) => arn.length <= LONGEST_RESOURCE),
  )
  return resourcesFit && JSON.stringify(document).length <= LARGEST_POLICY_BYTES ? document : undefined
}

const resources = (stageArn: string, routes: readonly Route[]): readonly string[] =>
  routes.map(({ method, path }) => `${stageArn}/${method === 'ANY' ? '*' : method}${globOf(path)}`)

const globOf = (path: string): string => path.replaceAll(/\{[^{}]+\}/g, '*')

/** Whether the IAM pattern of `from` matches a request that is `to`'s. */
const reaches = (from: Route, to: Route): boolean =>
  methodsOverlap(from.method, to.method) && intersects(globTokens(from.path), templateTokens(to.path))

/** Whether every path that both match goes to `route`, so that refusing it takes nothing from `other`. */
const isRoutedTo = (route: Route, other: Route): boolean => {
  if (!route.path.includes('{')) return compareSpecificity(route.path, other.path) > 0
  const [a, b] = [templateOf(route.path).specificity, templateOf(other.path).specificity]
  const sameLength = a.length === b.length && !a.includes(0) && !b.includes(0)
  return sameLength && compareSpecificity(route.path, other.path) > 0
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

const globTokens = (path: string) => tokens(path, () => [{ one: ANYTHING, many: true }])

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

/** Whether some text matches both patterns. */
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
