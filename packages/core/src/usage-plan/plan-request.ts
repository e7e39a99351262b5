import type { Id } from '../shared/id.ts'
import { err, ok, type Result } from '../shared/result.ts'
import { formatRoute, type ProtectedRoute, parseRoute, type Route, shapeOf } from '../shared/route.ts'
import type { DescribePlan, MethodThrottle, Throttle } from './usage-plan.ts'

/** One thing wrong with what was asked: where (JSON pointer, RFC 6901), what, in words. */
export interface PlanFault {
  readonly pointer: string
  readonly code:
    | 'api_not_found'
    | 'environment_not_deployed'
    | 'route_malformed'
    | 'route_not_found'
    | 'route_repeated'
  readonly detail: string
}

/** As much of a registered API as a plan needs. */
export interface PlannableApi {
  readonly id: Id<'api'>
  readonly name: string
  readonly routes: readonly ProtectedRoute[]
  readonly environments: readonly string[]
}

export interface PlanRequest extends Pick<DescribePlan, 'name' | 'description' | 'quota' | 'throttle'> {
  /** Name or id. */
  readonly api: string
  readonly environment: string
  readonly methods: readonly (Throttle & { readonly route: string })[]
}

/** Compiles what was asked against the registered API, or says everything that is wrong with it. */
export const compilePlan = (
  { api: asked, methods, ...request }: PlanRequest,
  api: PlannableApi | undefined,
): Result<DescribePlan, readonly PlanFault[]> => {
  if (!api)
    return err([
      { pointer: '/api', code: 'api_not_found' as const, detail: `no API "${asked}" is registered` },
    ])
  const compiled = methods.map((method, index) => compileMethod(method, api, `/methods/${index}/route`))
  const faults = [
    ...environmentFaults(request.environment, api),
    ...compiled.flatMap((one) => (one.ok ? [] : [one.error])),
    ...repetitions(compiled),
  ]
  if (faults.length > 0) return err(faults)
  const known = compiled.flatMap((one) => (one.ok ? [one.value] : []))
  return ok({ ...request, apiId: api.id, api: api.name, methods: known })
}

const environmentFaults = (environment: string, api: PlannableApi): readonly PlanFault[] => {
  if (api.environments.includes(environment)) return []
  const known = api.environments.length === 0 ? 'none' : api.environments.join(', ')
  const detail = `"${api.name}" has no deployment in "${environment}"; it has ${known}`
  return [{ pointer: '/environment', code: 'environment_not_deployed', detail }]
}

type Compiled = Result<MethodThrottle, PlanFault>

/** A method is throttled as it is registered: `ANY` as one, because API Gateway knows it as one. */
const compileMethod = (
  { route: text, rateLimit, burstLimit }: PlanRequest['methods'][number],
  api: PlannableApi,
  pointer: string,
): Compiled => {
  const asked = parseRoute(text)
  if (!asked)
    return err({ pointer, code: 'route_malformed', detail: `"${text}" is not of the form "GET /x/{id}"` })
  const route = api.routes.find((known) => isSame(known, asked))
  if (!route) return err({ pointer, code: 'route_not_found', detail: `"${api.name}" has no route "${text}"` })
  return ok({ method: route.method, path: route.path, rateLimit, burstLimit })
}

const isSame = (a: Route, b: Route): boolean => a.method === b.method && shapeOf(a.path) === shapeOf(b.path)

const repetitions = (compiled: readonly Compiled[]): readonly PlanFault[] => {
  const seen = new Set<string>()
  return compiled.flatMap((one, index): readonly PlanFault[] => {
    const route = one.ok ? formatRoute(one.value) : undefined
    if (route === undefined || !seen.has(route)) {
      if (route !== undefined) seen.add(route)
      return []
    }
    const detail = `"${route}" is throttled twice`
    return [{ pointer: `/methods/${index}/route`, code: 'route_repeated', detail }]
  })
}
