import type { RegistrationFault } from '@countersign/core/registry'
import { routesOf } from '@countersign/core/registry/routes'
import { isId, type Result } from '@countersign/core/shared'
import type { HttpAnswer } from './http.ts'
import type { Refusal } from './problem.ts'
import {
  type AskedApi,
  isOwn,
  type RegistrationServices,
  registerRoutes,
  rejectPublication,
} from './registration.ts'

export interface Publication {
  readonly name: string
  readonly owner: string
  readonly description?: string | undefined
  readonly openapi: Readonly<Record<string, unknown>> | string
  readonly authorization?: unknown
  /** RFC 3339. */
  readonly publishedAt: string
  /** The publisher's own id, where it has one. */
  readonly publicationId?: string | undefined
}

/** Under a name that reads as an id nobody would find the API again. */
const nameFaults = (name: string): readonly RegistrationFault[] => {
  if (isOwn(name))
    return [{ pointer: '/name', code: 'api_reserved', detail: `"${name}" is the platform itself` }]
  if (!isId('api', name)) return []
  return [{ pointer: '/name', code: 'api_name_malformed', detail: `"${name}" reads as the id of an API` }]
}

/** Registers an API or updates it; what cannot be registered leaves an event that says why. */
export const publishApi = async (
  services: RegistrationServices,
  asked: AskedApi,
  publication: Publication,
): Promise<Result<HttpAnswer, Refusal>> => {
  const misnamed = nameFaults(publication.name)
  if (misnamed.length > 0) return rejectPublication(services, asked, publication, misnamed)
  const routes = await routesOf(publication.openapi, publication.authorization)
  if (!routes.ok) return rejectPublication(services, asked, publication, routes.error)
  return registerRoutes(services, asked, { ...publication, routes: routes.value })
}
