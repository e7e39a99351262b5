import { err, ok, type Result } from '../shared/result.ts'
import { formatRoute, parseRoute, routesCovered } from '../shared/route.ts'
import type { AccessRule, Api } from './api.ts'

/** What a caller asks for: a group by the directory's stable id, and routes such as `GET /x/{id}`. */
export interface RuleRequest {
  readonly group: string
  readonly routes: readonly string[]
}

/** One thing wrong with rules: where (JSON pointer, RFC 6901), what, in words. */
export interface RuleFault {
  readonly pointer: string
  readonly code: 'route_malformed' | 'route_not_found' | 'route_not_group_protected' | 'group_repeated'
  readonly detail: string
}

type RuledApi = Pick<Api, 'name' | 'routes'>

/** Compiles rules over the API's registered routes, or says everything that is wrong with them. */
export const compileRules = (
  requests: readonly RuleRequest[],
  api: RuledApi,
): Result<readonly AccessRule[], readonly RuleFault[]> => {
  const faults = requests.flatMap(({ group, routes }, index) => [
    ...faultOfGroup(group, requests.slice(0, index), `/rules/${index}/group`),
    ...routes.flatMap((text, at) => faultOfRoute(text, api, `/rules/${index}/routes/${at}`)),
  ])
  return faults.length > 0 ? err(faults) : ok(requests.map((request) => ruleOf(request, api)))
}

const faultOfGroup = (
  group: string,
  before: readonly RuleRequest[],
  pointer: string,
): readonly RuleFault[] =>
  before.some((other) => other.group === group)
    ? [{ pointer, code: 'group_repeated', detail: `"${group}" has a rule already; name its routes there` }]
    : []

const faultOfRoute = (text: string, api: RuledApi, pointer: string): readonly RuleFault[] => {
  const route = parseRoute(text)
  if (!route)
    return [{ pointer, code: 'route_malformed', detail: `"${text}" is not of the form "GET /x/{id}"` }]
  const covered = routesCovered(api.routes, route)
  if (covered.length === 0)
    return [{ pointer, code: 'route_not_found', detail: `"${api.name}" has no route "${text}"` }]
  const closed = covered.find(({ authorization }) => !authorization.endsWith('group'))
  if (!closed) return []
  const detail = `"${formatRoute(closed)}" of "${api.name}" is protected by ${closed.authorization}, which no group opens`
  return [{ pointer, code: 'route_not_group_protected', detail }]
}

/** Each route once, with the registered template's own spelling. */
const ruleOf = ({ group, routes }: RuleRequest, api: RuledApi): AccessRule => {
  const compiled = routes.flatMap((text) => {
    const route = parseRoute(text)
    const [registered] = route ? routesCovered(api.routes, route) : []
    return route && registered ? [{ method: route.method, path: registered.path }] : []
  })
  return { group, routes: [...new Map(compiled.map((route) => [formatRoute(route), route])).values()] }
}
