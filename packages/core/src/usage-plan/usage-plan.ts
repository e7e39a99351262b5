import type * as z from 'zod'
import type { FactOf } from '../events/catalog.ts'
import { fact } from '../events/fact.ts'
import type { MethodThrottleSchema, QuotaSchema, ThrottleSchema } from '../events/usage-plan.ts'
import type { Id } from '../shared/id.ts'
import { canonicalJson } from '../shared/json.ts'
import { err, ok, type Result } from '../shared/result.ts'

export type Quota = z.output<typeof QuotaSchema>
export type QuotaPeriod = Quota['period']
export type Throttle = z.output<typeof ThrottleSchema>
export type MethodThrottle = z.output<typeof MethodThrottleSchema>
export type UsagePlanFact = FactOf<'usage-plan.changed'>

/** How much of one API, in one environment, each member of the plan may ask. */
export interface UsagePlan {
  readonly id: Id<'usage-plan'>
  readonly name: string
  readonly description?: string | undefined
  readonly apiId: Id<'api'>
  readonly api: string
  readonly environment: string
  readonly quota?: Quota | undefined
  readonly throttle?: Throttle | undefined
  readonly methods: readonly MethodThrottle[]
  readonly createdAt: string
  readonly changedAt: string
}

export type DescribePlan = Omit<UsagePlan, 'id' | 'createdAt' | 'changedAt'>

export type PlanRefusal = 'usage_plan_of_other_api'

/**
 * Saying the same again changes nothing. A plan stays with its API and environment: moved to another, it would open that
 * one to every key it already has.
 */
export const put = (
  id: Id<'usage-plan'>,
  plan: UsagePlan | undefined,
  described: DescribePlan,
): Result<readonly UsagePlanFact[], PlanRefusal> => {
  if (plan && (plan.apiId !== described.apiId || plan.environment !== described.environment))
    return err('usage_plan_of_other_api')
  if (plan && canonicalJson(saying(plan)) === canonicalJson(saying({ ...described, name: plan.name })))
    return ok([])
  const name = plan?.name ?? described.name
  return ok([
    fact('usage-plan.changed', { ...saying(described), planId: id, name, methods: [...described.methods] }),
  ])
}

const saying = ({ name, description, apiId, api, environment, quota, throttle, methods }: DescribePlan) => ({
  name,
  description,
  apiId,
  api,
  environment,
  quota,
  throttle,
  methods,
})

export const evolve = (plan: UsagePlan | undefined, { data }: UsagePlanFact, time: string): UsagePlan => {
  const { planId: id, ...described } = data
  return { ...described, id, createdAt: plan?.createdAt ?? time, changedAt: time }
}

/** What `GET /usage-plans` filters by, and how the plans of an API are found. */
export const labelsOf = ({ apiId, api, environment }: UsagePlan): readonly string[] => [
  `api=${apiId}`,
  `api=${api}`,
  `environment=${environment}`,
]

/** The ledger's claim: a plan's name has one owner. */
export const nameClaim = (name: string): string => `usage-plan-name#${name.toLowerCase()}`
