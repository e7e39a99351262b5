import type { Opening } from './decision.ts'
import { type PolicyDocument, wholePolicy } from './policy.ts'
import { type Recent, recent } from './recent.ts'
import type { OpenedRoute } from './route-table.ts'

type Policies = Recent<PolicyDocument | undefined>

/** An API has about as many deployments as an organisation has environments, each with a cache or without. */
const STAGES_KEPT = 8

/** By what `decide` found open: one object for equal grants over equal routes, and nobody changes it. */
const remembered = new WeakMap<readonly OpenedRoute[] | OpenedRoute, Policies>()

const policiesOf = (opened: readonly OpenedRoute[] | OpenedRoute): Policies => {
  const policies = remembered.get(opened) ?? recent(STAGES_KEPT)
  remembered.set(opened, policies)
  return policies
}

/** `wholePolicy` of what a decision found open, worked out once per stage. */
export const openingPolicy = (
  { opened, binding }: Pick<Opening, 'opened' | 'binding'>,
  stageArn: string,
): PolicyDocument | undefined => policyAt(opened, stageArn, binding, opened)

/** What is left when the whole policy is too large or cannot be said in patterns: one route of those opened. */
export const oneRoutePolicy = (
  { opened, binding }: Pick<Opening, 'opened' | 'binding'>,
  route: OpenedRoute['registered'],
  stageArn: string,
): PolicyDocument | undefined => {
  const one = opened.find(({ registered }) => registered === route)
  return one && policyAt(one, stageArn, binding, [one])
}

const policyAt = (
  of: readonly OpenedRoute[] | OpenedRoute,
  stageArn: string,
  { routes, authorizerCacheTtlSeconds }: Opening['binding'],
  opened: readonly OpenedRoute[],
): PolicyDocument | undefined => {
  const kept = authorizerCacheTtlSeconds > 0
  const key = kept ? `${stageArn} kept` : stageArn
  return policiesOf(of).get(key, () => wholePolicy(stageArn, routes, opened, kept))
}
