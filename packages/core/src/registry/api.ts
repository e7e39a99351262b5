import type * as z from 'zod'
import type { AccessRuleSchema, DeploymentSchema, RefusalSchema } from '../events/api.ts'
import type { EventType, FactOf } from '../events/catalog.ts'
import { type Cause, fact } from '../events/envelope.ts'
import { type Coordinates, pathOf, sameCoordinates } from '../shared/coordinates.ts'
import type { Id } from '../shared/id.ts'
import { canonicalJson } from '../shared/json.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { ProtectedRoute } from '../shared/route.ts'

export type Deployment = z.output<typeof DeploymentSchema>
export type RegistrationFault = z.output<typeof RefusalSchema>
export type AccessRule = z.output<typeof AccessRuleSchema>
export type ApiFact = FactOf<Extract<EventType, `api.${string}` | 'access-rule.changed'>>
export type ApiChange = Exclude<ApiFact, { type: 'api.registration-rejected' }>

export interface Api {
  readonly id: Id<'api'>
  readonly name: string
  readonly owner: string
  readonly description?: string | undefined
  readonly routes: readonly ProtectedRoute[]
  readonly deployments: readonly Deployment[]
  /** Of environments that have any, whether the API lives there already or not. */
  readonly accessRules?: readonly EnvironmentRules[]
  /** Of deployments that were left or got another cache time: what API Gateway kept of them before. */
  readonly formerCaches?: readonly FormerCache[]
  readonly status: 'registered' | 'deregistered'
  readonly registeredAt: string
  readonly publishedAt: string
  readonly deregisteredAt?: string
}

/** What groups open of an API in one environment. */
export interface EnvironmentRules {
  readonly environment: string
  readonly rules: readonly AccessRule[]
}

/** An Allow that was cached on a deployment as it was before may live until then. */
export interface FormerCache {
  readonly environment: string
  /** RFC 3339. */
  readonly until: string
}

export interface DescribeApi {
  readonly name: string
  readonly owner: string
  readonly description?: string | undefined
  readonly routes: readonly ProtectedRoute[]
  /** RFC 3339; when the publisher said so. */
  readonly publishedAt: string
}

export const register = (id: Id<'api'>, { routes, ...described }: DescribeApi): readonly ApiChange[] => [
  fact('api.registered', { apiId: id, ...described, routes: [...routes] }),
]

/** Publishing the same thing again changes nothing, nor does a publication that was overtaken by a later one. */
export const update = (api: Api, { routes, ...described }: DescribeApi): readonly ApiChange[] => {
  if (Date.parse(described.publishedAt) < Date.parse(api.publishedAt)) return []
  const wanted = { name: api.name, owner: described.owner, description: described.description, routes }
  const { name, owner, description } = api
  if (canonicalJson(wanted) === canonicalJson({ name, owner, description, routes: api.routes })) return []
  return [
    fact('api.updated', {
      apiId: api.id,
      ...described,
      name: api.name,
      routes: [...routes],
      deployments: [...api.deployments],
    }),
  ]
}

/** Who holds coordinates now, as the ledger's claim on them says. */
export interface Holding {
  readonly owner: string | undefined
  readonly generation: number
}

export interface DeployApi {
  readonly environment: string
  readonly coordinates: Coordinates
  readonly authorizerCacheTtlSeconds: number
}

export type DeployFailure =
  | { readonly reason: 'deployment_taken' }
  | { readonly reason: 'deployment_of_other_environment'; readonly environment: string }

/** Two APIs, or two environments of one, can never claim the same coordinates. */
export const deploy = (
  api: Api,
  { environment, coordinates, authorizerCacheTtlSeconds }: DeployApi,
  holding: Holding,
): Result<readonly ApiChange[], DeployFailure> => {
  if (holding.owner !== undefined && holding.owner !== api.id) return err({ reason: 'deployment_taken' })
  const present = api.deployments.find((other) => sameCoordinates(other.coordinates, coordinates))
  if (present && present.environment !== environment)
    return err({ reason: 'deployment_of_other_environment', environment: present.environment })
  if (present?.authorizerCacheTtlSeconds === authorizerCacheTtlSeconds) return ok([])
  const generation = present ? present.generation : holding.generation + 1
  const replaced = present ? undefined : api.deployments.find((other) => other.environment === environment)
  return ok([
    fact('api.deployed', {
      apiId: api.id,
      name: api.name,
      routes: [...api.routes],
      deployment: { environment, coordinates, generation, authorizerCacheTtlSeconds },
      ...(replaced && { replaced }),
      ...withRules(rulesIn(api, environment)),
    }),
  ])
}

export const rulesIn = ({ accessRules = [] }: Api, environment: string): readonly AccessRule[] =>
  accessRules.find((own) => own.environment === environment)?.rules ?? []

const withRules = (rules: readonly AccessRule[]) => (rules.length > 0 ? { rules: [...rules] } : {})

/** The rules of an environment, whole: saying the same again changes nothing. */
export const changeRules = (
  api: Api,
  environment: string,
  rules: readonly AccessRule[],
): readonly ApiChange[] => {
  if (canonicalJson(rules) === canonicalJson(rulesIn(api, environment))) return []
  const deployment = api.deployments.find((own) => own.environment === environment)
  const { id: apiId, name } = api
  return [
    fact('access-rule.changed', {
      ...{ apiId, name, environment, rules: [...rules] },
      ...(deployment && { deployment }),
    }),
  ]
}

/** Said again later it counts from then: what was published in between does not open it again. */
export const deregister = (api: Api, { now }: Cause): readonly ApiChange[] =>
  Date.parse(api.deregisteredAt ?? '') >= now.getTime()
    ? []
    : [
        fact('api.deregistered', {
          apiId: api.id,
          name: api.name,
          deployments: [...api.deployments],
          deregisteredAt: now.toISOString(),
        }),
      ]

export const evolve = (api: Api | undefined, event: ApiChange, time: string): Api => {
  if (event.type === 'api.registered') {
    const { apiId: id, name, owner, description, routes, publishedAt } = event.data
    return {
      id,
      name,
      owner,
      description,
      routes,
      deployments: [],
      status: 'registered',
      registeredAt: time,
      publishedAt,
    }
  }
  if (!api) throw new Error(`the log of ${event.data.apiId} begins with ${event.type}`)
  switch (event.type) {
    case 'api.updated': {
      const { owner, description, routes, publishedAt } = event.data
      return { ...api, owner, description, routes, publishedAt }
    }
    case 'api.deployed': {
      const { deployment } = event.data
      const others = api.deployments.filter(({ environment }) => environment !== deployment.environment)
      const left = api.deployments.filter((other) => !others.includes(other))
      return { ...withFormerCaches(api, left, time), deployments: [...others, deployment] }
    }
    case 'access-rule.changed': {
      const { environment, rules } = event.data
      const others = (api.accessRules ?? []).filter((own) => own.environment !== environment)
      return { ...api, accessRules: rules.length > 0 ? [...others, { environment, rules }] : others }
    }
    case 'api.deregistered':
      return {
        ...withFormerCaches(api, api.deployments, time),
        deployments: [],
        status: 'deregistered',
        deregisteredAt: event.data.deregisteredAt,
      }
  }
}

const withFormerCaches = (api: Api, left: readonly Deployment[], time: string): Api => {
  const now = Date.parse(time)
  const alive = (api.formerCaches ?? []).filter(({ until }) => Date.parse(until) > now)
  const added = left
    .filter(({ authorizerCacheTtlSeconds }) => authorizerCacheTtlSeconds > 0)
    .map(({ environment, authorizerCacheTtlSeconds }) => ({
      environment,
      until: new Date(now + authorizerCacheTtlSeconds * 1_000).toISOString(),
    }))
  const { formerCaches: _, ...rest } = api
  return alive.length + added.length === 0 ? rest : { ...rest, formerCaches: [...alive, ...added] }
}

export const labelsOf = ({ status, name, owner }: Api): readonly string[] => [
  `status=${status}`,
  `name=${name}`,
  `owner=${owner}`,
]

/** The ledger's claims: an API's name, and the coordinates of each deployment, have one owner at a time. */
export const nameClaim = (name: string): string => `api-name#${name.toLowerCase()}`
export const coordinatesClaim = (coordinates: Coordinates): string => `deployment#${pathOf(coordinates)}`

export const rejectRegistration = (
  publication: {
    readonly name: string
    readonly owner?: string | undefined
    readonly publicationId?: string | undefined
  },
  faults: readonly RegistrationFault[],
): readonly ApiFact[] => [fact('api.registration-rejected', { ...publication, refusals: [...faults] })]
