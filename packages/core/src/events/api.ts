import * as z from 'zod'
import {
  CoordinatesSchema,
  GroupId,
  Instant,
  idOf,
  Line,
  ProtectedRouteSchema,
  RouteSchema,
  Slug,
} from '../shared/schema.ts'
import { defineEvent } from './define.ts'

/** API Gateway keeps an authorizer's answer for 0 to 3,600 seconds. */
export const CacheTtl = z.int().min(0).max(3_600)

/** `generation` counts how often these coordinates were claimed, so that a later claim outranks an earlier one. */
export const DeploymentSchema = z.object({
  environment: Slug,
  coordinates: CoordinatesSchema,
  generation: z.int().min(1),
  authorizerCacheTtlSeconds: CacheTtl,
})

/** The routes that a group opens, as they are registered. */
export const AccessRuleSchema = z.object({ group: GroupId, routes: z.array(RouteSchema).min(1) })

const Described = {
  apiId: idOf('api'),
  name: Slug,
  owner: Line,
  description: z.string().optional(),
  routes: z.array(ProtectedRouteSchema).min(1),
  /** When the publisher said so; what was said earlier never replaces what was said later. */
  publishedAt: Instant,
}

/** One reason why a registration was refused: where in the document, what, and in words. */
export const RefusalSchema = z.object({ pointer: z.string(), code: z.string().min(1), detail: z.string() })

export const ApiRegistered = defineEvent(
  'api.registered',
  1,
  'An API and its routes are known to the platform.',
  () => z.object(Described),
)

export const ApiUpdated = defineEvent(
  'api.updated',
  1,
  'The owner, the description or the routes of an API changed, on every deployment of it.',
  () => z.object({ ...Described, deployments: z.array(DeploymentSchema) }),
)

export const ApiDeployed = defineEvent(
  'api.deployed',
  1,
  'An environment of an API lives at these coordinates; `replaced` are those it lived at before.',
  () =>
    z.object({
      apiId: idOf('api'),
      name: Slug,
      routes: z.array(ProtectedRouteSchema).min(1),
      deployment: DeploymentSchema,
      replaced: DeploymentSchema.optional(),
      /** What groups open in this environment; none when absent. */
      rules: z.array(AccessRuleSchema).optional(),
    }),
)

export const AccessRuleChanged = defineEvent(
  'access-rule.changed',
  1,
  'These rules, and no others, say what groups open of an API in one environment; `deployment` is where it lives now.',
  () =>
    z.object({
      apiId: idOf('api'),
      name: Slug,
      environment: Slug,
      rules: z.array(AccessRuleSchema),
      deployment: DeploymentSchema.optional(),
    }),
)

export const ApiDeregistered = defineEvent(
  'api.deregistered',
  1,
  'An API is closed: no token opens any of its deployments.',
  () =>
    z.object({
      apiId: idOf('api'),
      name: Slug,
      deployments: z.array(DeploymentSchema),
      deregisteredAt: Instant,
    }),
)

export const ApiRegistrationRejected = defineEvent(
  'api.registration-rejected',
  1,
  'A published API could not be registered; every reason is listed.',
  () =>
    z.object({
      name: z.string(),
      owner: z.string().optional(),
      publicationId: z.string().optional(),
      refusals: z.array(RefusalSchema).min(1),
    }),
)
