import {
  type Coordinates,
  formatRoute,
  type ProtectedRoute,
  pathOf,
  sameCoordinates,
  shapeOf,
} from '@countersign/core/shared'
import { type Bucket, type GatewayPlan, type Throttle, UsagePlans } from '@countersign/core/usage-plan'
import type { EnforcedPlan, GatewayLedger } from '../store/sqlite-gateway-keys.ts'
import type { AuthorizerAnswer } from './authorizer-answer.ts'
import { type GatewayRequest, type GatewayResponse, headersNamed } from './message.ts'
import { gatewayResponses, refusalsOf } from './responses.ts'
import { type GatewaySetup, isHttp } from './setup.ts'

/** Where a request goes that a key is to be counted for. */
export interface MeteredRoute {
  readonly coordinates: Coordinates
  readonly route: ProtectedRoute | undefined
}

/** Keys and usage plans, as API Gateway enforces them. */
export interface Meter {
  /** Why a request with this key is not let through; undefined: it was counted, and is. */
  refusal(value: string, asked: MeteredRoute): GatewayResponse | undefined
}

const MOST_BUCKETS = 100_000

/**
 * Rate and burst first, in memory as every gateway has them; then the quota, in the store, so that it outlives the
 * process. What the bucket refuses does not count against the quota.
 */
export const createMeter = (ledger: Pick<GatewayLedger, 'plansOf' | 'count'>, clock: () => Date): Meter => {
  const buckets = new Map<string, Bucket>()
  const waitOf = (name: string, throttle: Throttle, now: Date): number => {
    const { bucket, waitMilliseconds } = UsagePlans.draw(buckets.get(name), throttle, now.getTime())
    if (buckets.size >= MOST_BUCKETS && !buckets.has(name)) buckets.clear()
    buckets.set(name, bucket)
    return waitMilliseconds
  }
  return {
    refusal: (value, { coordinates, route }) => {
      const enforced = planFor(ledger.plansOf(value), coordinates)
      if (!enforced || !route) return gatewayResponses.invalidApiKey()
      const { key, plan } = enforced
      const now = clock()
      const limit = limitOf(plan, route)
      const bucket = `${plan.name} ${key} ${pathOf(coordinates)} ${limit?.scope}`
      const wait = limit ? waitOf(bucket, limit.throttle, now) : 0
      if (wait > 0) return gatewayResponses.throttled(wait / 1_000)
      return quotaRefusal(ledger, enforced, now)
    },
  }
}

/** Of the plans of a key, the one that has this stage; a key in none of them opens nothing here. */
const planFor = (
  plans: readonly EnforcedPlan[] | undefined,
  coordinates: Coordinates,
): EnforcedPlan | undefined =>
  plans?.find(({ plan }) => plan.stages.some((stage) => sameCoordinates(stage, coordinates)))

interface Limit {
  /** What is counted together. */
  readonly scope: string
  readonly throttle: Throttle
}

/** A route's own limit stands in place of the plan's. */
const limitOf = ({ methods, throttle }: GatewayPlan, route: ProtectedRoute): Limit | undefined => {
  const own = methods.find(
    ({ method, path }) => method === route.method && shapeOf(path) === shapeOf(route.path),
  )
  if (own) return { scope: formatRoute(own), throttle: own }
  return throttle && { scope: '*', throttle }
}

const quotaRefusal = (
  ledger: Pick<GatewayLedger, 'count'>,
  { key, plan: { name, quota } }: EnforcedPlan,
  now: Date,
): GatewayResponse | undefined => {
  if (!quota) return undefined
  const period = UsagePlans.periodAt(quota.period, now)
  if (ledger.count(name, key, period, quota.limit)) return undefined
  return gatewayResponses.quotaExceeded((period.end.getTime() - now.getTime()) / 1_000)
}

interface Metered extends MeteredRoute {
  readonly request: GatewayRequest
  readonly setup: GatewaySetup
}

/** An API key is all there is to check of its routes: its plan, and how much the plan allows. HTTP APIs know no keys. */
export const byApiKey = (
  meter: Meter,
  { request, setup, ...asked }: Metered,
): GatewayResponse | undefined => {
  const [key, ...others] = headersNamed(request, 'x-api-key')
  if (!key || others.length > 0 || isHttp(setup.shape)) return refusalsOf(setup.shape).invalidApiKey()
  return meter.refusal(key, asked)
}

/** As with `apiKeySource: AUTHORIZER`: who has a usage plan is counted by the key that the authorizer names. */
export const byUsageKey = (
  meter: Meter,
  answer: AuthorizerAnswer,
  asked: MeteredRoute,
): GatewayResponse | undefined =>
  'usageIdentifierKey' in answer && typeof answer.usageIdentifierKey === 'string'
    ? meter.refusal(answer.usageIdentifierKey, asked)
    : undefined
