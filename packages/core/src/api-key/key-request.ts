import type { Id } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { KeyPlan } from './api-key.ts'

/** One thing wrong with what was asked: where (JSON pointer, RFC 6901), what, in words. */
export interface KeyFault {
  readonly pointer: string
  readonly code: 'usage_plan_not_found' | 'usage_plan_repeated' | 'api_key_opens_nothing'
  readonly detail: string
}

/** As much of a usage plan and its API as a key needs. */
export interface KeyablePlan {
  readonly id: Id<'usage-plan'>
  readonly name: string
  readonly apiId: Id<'api'>
  readonly api: string
  readonly environment: string
  /** Whether any route of the API is protected by API keys. */
  readonly hasKeyRoutes: boolean
}

/** The plans that were named, or everything that is wrong with them. */
export const compileKeyPlans = (
  names: readonly string[],
  planNamed: (nameOrId: string) => KeyablePlan | undefined,
): Result<readonly KeyPlan[], readonly KeyFault[]> => {
  const faults: KeyFault[] = []
  const seen = new Set<string>()
  const plans = names.flatMap((asked, index): readonly KeyPlan[] => {
    const plan = planNamed(asked)
    const found = plan ? faultOf(plan, seen) : missing(asked)
    if (found) faults.push({ pointer: `/plans/${index}`, ...found })
    if (!plan) return []
    seen.add(placeOf(plan))
    const { id: planId, name, apiId, api, environment } = plan
    return [{ planId, name, apiId, api, environment }]
  })
  return faults.length > 0 ? err(faults) : ok(plans)
}

type Found = Omit<KeyFault, 'pointer'>

const placeOf = ({ apiId, environment }: KeyablePlan): string => `${apiId} ${environment}`

const missing = (asked: string): Found => ({
  code: 'usage_plan_not_found',
  detail: `there is no usage plan "${asked}"`,
})

/** API Gateway takes a key into one plan of a stage. */
const faultOf = (plan: KeyablePlan, seen: ReadonlySet<string>): Found | undefined => {
  if (seen.has(placeOf(plan))) {
    const detail = `one plan for "${plan.api}" in "${plan.environment}"`
    return { code: 'usage_plan_repeated', detail }
  }
  if (plan.hasKeyRoutes) return undefined
  return { code: 'api_key_opens_nothing', detail: `no route of "${plan.api}" is protected by API keys` }
}
