import { epochSeconds, instantOf, secondsIn } from '../shared/duration.ts'
import { environmentPolicy } from '../shared/environment.ts'
import type { Id } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { formatRoute, type ProtectedRoute, parseRoute, routesCovered } from '../shared/route.ts'
import type { Grant } from './token.ts'

/** One thing wrong with what was asked: where (JSON pointer, RFC 6901), what, in words. */
export interface Fault {
  readonly pointer: string
  readonly code:
    | 'consumer_not_found'
    | 'consumer_suspended'
    | 'api_not_found'
    | 'environment_not_deployed'
    | 'route_malformed'
    | 'route_not_found'
    | 'route_not_token_protected'
    | 'grant_repeated'
    | 'usage_plan_not_found'
    | 'usage_plan_of_other_grant'
    | 'usage_plan_counts_api_keys'
    | 'expiry_malformed'
    | 'expiry_in_the_past'
    | 'expiry_too_late'
    | 'expiry_given_twice'
  readonly detail: string
}

export interface GrantRequest {
  /** Name or id. */
  readonly api: string
  readonly environment: string
  readonly routes: readonly string[]
  /** Name or id of the plan that counts what is asked with the token. */
  readonly usagePlan?: string | undefined
}

/** As much of a registered API as issuing needs. */
export interface IssuableApi {
  readonly id: Id<'api'>
  readonly name: string
  readonly routes: readonly ProtectedRoute[]
  readonly environments: readonly string[]
}

/** As much of a usage plan as issuing needs. */
export interface JoinablePlan {
  readonly id: Id<'usage-plan'>
  readonly name: string
  readonly apiId: Id<'api'>
  readonly environment: string
}

/** Compiles what was asked into grants over registered routes, or says everything that is wrong with it. */
export const compileGrants = (
  requests: readonly GrantRequest[],
  apiNamed: (nameOrId: string) => IssuableApi | undefined,
  planNamed: (nameOrId: string) => JoinablePlan | undefined = () => undefined,
): Result<readonly Grant[], readonly Fault[]> => {
  const faults: Fault[] = []
  const seen = new Set<string>()
  const grants = requests.flatMap((request, index): readonly Grant[] => {
    const at = `/grants/${index}`
    const api = apiNamed(request.api)
    if (!api) {
      faults.push({
        pointer: `${at}/api`,
        code: 'api_not_found',
        detail: `no API "${request.api}" is registered`,
      })
      return []
    }
    const found = faultsOfGrant(request, api, at)
    const plan = request.usagePlan === undefined ? undefined : planNamed(request.usagePlan)
    faults.push(...found, ...faultsOfPlan(request, api, plan, `${at}/usagePlan`))
    const same = `${api.id} ${request.environment}`
    if (seen.has(same))
      faults.push({ pointer: at, code: 'grant_repeated', detail: 'one grant per API and environment' })
    seen.add(same)
    return [grantOf(request, api, plan)]
  })
  return faults.length > 0 ? err(faults) : ok(grants)
}

const faultsOfPlan = (
  { usagePlan, environment }: GrantRequest,
  api: IssuableApi,
  plan: JoinablePlan | undefined,
  pointer: string,
): readonly Fault[] => {
  if (usagePlan === undefined) return []
  if (!plan)
    return [{ pointer, code: 'usage_plan_not_found', detail: `there is no usage plan "${usagePlan}"` }]
  if (plan.apiId !== api.id || plan.environment !== environment) {
    const detail = `"${plan.name}" is not a plan of "${api.name}" in "${environment}"`
    return [{ pointer, code: 'usage_plan_of_other_grant', detail }]
  }
  // API Gateway counts an API by the key in a header or by what the authorizer says, and never by both.
  if (!api.routes.some(({ authorization }) => authorization === 'api-key')) return []
  const detail = `"${api.name}" has routes that API keys open, so its plans count API keys`
  return [{ pointer, code: 'usage_plan_counts_api_keys', detail }]
}

const faultsOfGrant = (request: GrantRequest, api: IssuableApi, at: string): readonly Fault[] => [
  ...(api.environments.includes(request.environment)
    ? []
    : [
        {
          pointer: `${at}/environment`,
          code: 'environment_not_deployed' as const,
          detail: `"${api.name}" has no deployment in "${request.environment}"; it has ${listed(api.environments)}`,
        },
      ]),
  ...request.routes.flatMap((text, index) => faultOfRoute(text, api, `${at}/routes/${index}`)),
]

const faultOfRoute = (text: string, api: IssuableApi, pointer: string): readonly Fault[] => {
  const route = parseRoute(text)
  if (!route)
    return [{ pointer, code: 'route_malformed', detail: `"${text}" is not of the form "GET /x/{id}"` }]
  const covered = routesCovered(api.routes, route)
  if (covered.length === 0)
    return [{ pointer, code: 'route_not_found', detail: `"${api.name}" has no route "${text}"` }]
  const closed = covered.find(({ authorization }) => !authorization.startsWith('token'))
  if (!closed) return []
  const detail = `"${formatRoute(closed)}" of "${api.name}" is protected by ${closed.authorization}, which no token opens`
  return [{ pointer, code: 'route_not_token_protected', detail }]
}

const grantOf = (
  { environment, routes }: GrantRequest,
  api: IssuableApi,
  plan: JoinablePlan | undefined,
): Grant => {
  const parsed = routes.map(parseRoute).filter((route) => route !== undefined)
  const registered = parsed.map((route) => ({
    method: route.method,
    path: routesCovered(api.routes, route)[0]?.path ?? route.path,
  }))
  const distinct = new Map(registered.map((route) => [formatRoute(route), route]))
  const granted = { apiId: api.id, api: api.name, environment, routes: [...distinct.values()] }
  return plan ? { ...granted, usagePlan: { planId: plan.id, name: plan.name } } : granted
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))

export interface ExpiryRequest {
  readonly expiresAt?: string | undefined
  readonly expiresIn?: string | undefined
}

/** When the token ends, in whole seconds: as asked, else the default; never later than the strictest environment allows. */
export const expiryOf = (
  { expiresAt, expiresIn }: ExpiryRequest,
  environments: readonly string[],
  now: Date,
): Result<string, readonly Fault[]> => {
  const policies = environments.map(environmentPolicy)
  const start = epochSeconds(now)
  const latest = start + Math.min(...policies.map(({ longestTokenSeconds }) => longestTokenSeconds))
  const pointer = expiresIn === undefined ? '/expiresAt' : '/expiresIn'
  const fault = (code: Fault['code'], detail: string) => err([{ pointer, code, detail }])
  if (expiresAt !== undefined && expiresIn !== undefined)
    return fault('expiry_given_twice', 'give expiresAt or expiresIn, not both')
  const end = endOf({ expiresAt, expiresIn }, start, policies)
  if (end === undefined || !Number.isFinite(end))
    return fault(
      'expiry_malformed',
      `"${expiresIn ?? expiresAt}" is no instant in UTC, nor a duration like 30d`,
    )
  if (end <= start) return fault('expiry_in_the_past', `${instantOf(end)} is over`)
  if (end > latest)
    return fault('expiry_too_late', `the latest for ${environments.join(', ')} is ${instantOf(latest)}`)
  return ok(instantOf(end))
}

const endOf = (
  { expiresAt, expiresIn }: ExpiryRequest,
  start: number,
  policies: readonly { readonly defaultTokenSeconds: number }[],
): number | undefined => {
  if (expiresAt !== undefined) return epochSeconds(new Date(expiresAt))
  if (expiresIn === undefined)
    return start + Math.min(...policies.map((policy) => policy.defaultTokenSeconds))
  const seconds = secondsIn(expiresIn)
  return seconds === undefined ? undefined : start + seconds
}

/** Whether somebody other than the requester has to agree. */
export const needsApproval = (grants: readonly { readonly environment: string }[]): boolean =>
  grants.some(({ environment }) => environmentPolicy(environment).needsApproval)
