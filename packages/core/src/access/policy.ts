import type { Method, ProtectedRoute, Route } from '../shared/route.ts'
import { globMatcher, globOf, reaches, reachesBeyondMethod } from './patterns.ts'
import type { OpenedRoute } from './route-table.ts'
import { compareSpecificity, methodsLeft, templateOf } from './templates.ts'

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

/**
 * A policy for every route a token opens on a deployment, so that API Gateway may cache it. IAM's `*` crosses slashes,
 * so a pattern may reach a registered route that is not opened: that one gets an explicit Deny, with the trailing slash
 * that API Gateway overlooks, and so do paths with anything percent-encoded, which could spell it another way. In a policy
 * that is kept, a `*` must not stand for what no decision would let through: dot segments, and what is spelt to hide them.
 * Undefined when the two cannot be told apart by patterns, or when API Gateway would not take the policy. What it does
 * not say of an encoded path, `permits` tells.
 */
export const wholePolicy = (
  stageArn: string,
  registered: readonly ProtectedRoute[],
  opened: readonly OpenedRoute[],
  kept = false,
): PolicyDocument | undefined => {
  const allowed = opened.flatMap(({ registered: { path }, methods }) =>
    [...methods].map((method): Route => ({ method, path })),
  )
  const allow = resources(stageArn, allowed)
  if (!fitting(policy(allow, [])) || allowed.some(({ path }) => !PLAIN.test(globOf(path)))) return undefined
  const denied = deniedRoutes(leftRoutes(registered, opened), allowed)
  if (!denied) return undefined
  const deny = resources(stageArn, denied)
  const encoded = deny.length > 0 ? ['%'] : kept ? ENCODED : []
  const spelt = [...encoded.map((text) => `*${text}*`), ...(kept ? DOTTED : [])]
  const crossing = allow.some((resource) => resource.includes('*'))
  return fitting(policy(allow, [...deny, ...(crossing ? spelt.map((path) => `${stageArn}/${path}`) : [])]))
}

/** Dots, slashes, backslashes and NUL; patterns know no case. */
const ENCODED = ['%2e', '%2E', '%2f', '%2F', '%5c', '%5C', '%00'] as const

/** Before each stand the method and what else comes first: `GET/files/../admin`, `GET/files//admin`, `GET/files/..;/admin`. */
const DOTTED = ['*/..*', '*/./*', '*/.', '*//*'] as const

/**
 * Characters that stand for themselves in a path (RFC 3986 §3.3); the client may send any other one encoded. No segment
 * begins with two dots: `DOTTED` would refuse it.
 */
const PLAIN = /^(?!.*\/\.\.)[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/

/** The registered routes, method by method, that stay closed. */
const leftRoutes = (
  registered: readonly ProtectedRoute[],
  opened: readonly OpenedRoute[],
): readonly Route[] => {
  const openedOf = new Map(opened.map((route) => [route.registered, route.methods]))
  const ownMethods = Map.groupBy(registered, ({ path }) => templateOf(path).shape)
  return registered.flatMap((route) => {
    const others = (ownMethods.get(templateOf(route.path).shape) ?? []).filter((other) => other !== route)
    const left = methodsLeft(route, openedOf.get(route) ?? new Set(), new Set(others.map(methodOf)))
    return left.map((method): Route => ({ method, path: route.path }))
  })
}

const methodOf = ({ method }: Route): Method => method

/** What needs a Deny because an Allow reaches it; undefined when such a Deny would refuse what is opened. */
const deniedRoutes = (left: readonly Route[], allowed: readonly Route[]): readonly Route[] | undefined => {
  const denied: Route[] = []
  for (const route of left) {
    if (allowed.some((other) => reaches(other, route))) {
      if (allowed.some((other) => reaches(route, other) && !isRoutedTo(route, other))) return undefined
      denied.push(route)
    }
    const slashed = { ...route, path: `${route.path}/` }
    if (route.path.endsWith('/') || !allowed.some((other) => reaches(other, slashed))) continue
    if (allowed.some((other) => other.path.endsWith('/') && reaches(slashed, other))) return undefined
    denied.push(slashed)
  }
  return denied
}

/** Allows exactly what was asked: what is left when patterns cannot say it. */
export const narrowestPolicy = (methodArn: string): PolicyDocument | undefined =>
  /[*?]|\$\{/.test(methodArn) ? undefined : fitting(policy([methodArn], []))

/** Whether API Gateway, given the policy, lets this request through. */
export const permits = ({ Statement }: PolicyDocument, methodArn: string): boolean => {
  const matched = Statement.filter(({ Resource }) =>
    matchersOf(Resource).some((matches) => matches(methodArn)),
  )
  return matched.length > 0 && matched.every(({ Effect }) => Effect === 'Allow')
}

/** A policy is remembered and asked many times (`openingPolicy`), so its patterns are read once. */
const matchers = new WeakMap<readonly string[], readonly ((arn: string) => boolean)[]>()

const matchersOf = (resources: readonly string[]) => {
  const made = matchers.get(resources) ?? resources.map(globMatcher)
  matchers.set(resources, made)
  return made
}

/** The same policy, with what was asked refused in so many words. */
export const refusing = (document: PolicyDocument | undefined, methodArn: string): PolicyDocument => {
  const literal = literalOf(methodArn)
  const asked = literal.length <= LONGEST_RESOURCE ? literal : `${literal.slice(0, LONGEST_RESOURCE - 1)}*`
  const refusal: PolicyStatement = { Action: 'execute-api:Invoke', Effect: 'Deny', Resource: [asked] }
  const both: PolicyDocument = { Version: '2012-10-17', Statement: [...(document?.Statement ?? []), refusal] }
  return fitting(both) ?? { Version: '2012-10-17', Statement: [refusal] }
}

/** What a client writes into a path must not become a pattern or a variable of a policy: `?` is any one character. */
const literalOf = (methodArn: string): string => methodArn.replaceAll(/\*|\$(?=\{)/g, '?')

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
  return resourcesFit && Buffer.byteLength(JSON.stringify(document)) <= LARGEST_POLICY_BYTES
    ? document
    : undefined
}

const resources = (stageArn: string, routes: readonly Route[]): readonly string[] => [
  ...new Set(
    routes.map(({ method, path }) => `${stageArn}/${method === 'ANY' ? '*' : method}${globOf(path)}`),
  ),
]

/** Whether every request that `route`'s pattern shares with `other` goes to `route`, so that refusing takes nothing. */
const isRoutedTo = (route: Route, other: Route): boolean => {
  if (reachesBeyondMethod(route, other)) return false
  if (templateOf(route.path).shape === templateOf(other.path).shape)
    return route.method !== 'ANY' && other.method === 'ANY'
  if (!route.path.includes('{')) return compareSpecificity(route.path, other.path) > 0
  const [a, b] = [templateOf(route.path).specificity, templateOf(other.path).specificity]
  const sameLength = a.length === b.length && !a.includes(0) && !b.includes(0)
  // A parameter within a segment stands for a character at least, `*` for none too.
  return sameLength && !a.includes(2) && compareSpecificity(route.path, other.path) > 0
}
