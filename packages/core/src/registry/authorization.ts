import { AUTHORIZATIONS, type Authorization } from '../shared/route.ts'
import type { ValidDocument } from './document.ts'
import { isObject, type JsonObject } from './json-object.ts'
import { dereferenced } from './references.ts'

/** As it stands in a document or a request: one name, or `["token", "group"]`. */
export type AuthorizationText = unknown

/** `undefined`: nothing was said; `unknown`: something that is no way to protect a route. */
export const readAuthorization = (text: AuthorizationText): Authorization | 'unknown' | undefined => {
  if (text === undefined) return undefined
  const name = Array.isArray(text) ? joined(text) : text
  return (AUTHORIZATIONS as readonly unknown[]).includes(name) ? (name as Authorization) : 'unknown'
}

/** `["group", "token"]` says `token+group`. */
const joined = (names: readonly unknown[]): string | undefined =>
  names.every((name) => typeof name === 'string')
    ? [...new Set(names)].sort((a, b) => (a < b ? 1 : -1)).join('+')
    : undefined

/**
 * What an operation's `security` says: bearer and oauth2 → `token`, openIdConnect → `group`, `apiKey` in the header
 * `x-api-key` → `api-key`, AWS Signature → `iam`, nothing required → `iam`: never silently `open`. Undefined when it names
 * only schemes that API Gateway's authorizers do not know.
 */
export const securityAuthorization = (
  { version, root }: ValidDocument,
  operation: JsonObject,
): Authorization | undefined => {
  const security = operation.security ?? root.security
  if (!Array.isArray(security)) return undefined
  const named = new Set(
    security.flatMap((requirement) => (isObject(requirement) ? Object.keys(requirement) : [])),
  )
  if (named.size === 0) return 'iam'
  const schemes = schemesOf(version, root)
  const found = new Set([...named].map((name) => authorizationOf(dereferenced(root, schemes[name]))))
  if (found.has('token')) return found.has('group') ? 'token+group' : 'token'
  return (['group', 'api-key', 'iam'] as const).find((one) => found.has(one))
}

const schemesOf = (version: ValidDocument['version'], root: JsonObject): JsonObject => {
  const components = root.components
  const schemes =
    version === '2.0' ? root.securityDefinitions : isObject(components) && components.securitySchemes
  return isObject(schemes) ? schemes : {}
}

const authorizationOf = (scheme: JsonObject | undefined): Authorization | undefined => {
  if (!scheme) return undefined
  const { type, scheme: http, in: place, name } = scheme
  const text = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : undefined)
  if (type === 'oauth2') return 'token'
  if (type === 'http') return text(http) === 'bearer' ? 'token' : undefined
  if (type === 'openIdConnect') return 'group'
  if (type !== 'apiKey' || place !== 'header') return undefined
  if (text(scheme['x-amazon-apigateway-authtype']) === 'awssigv4') return 'iam'
  return text(name) === 'x-api-key' ? 'api-key' : undefined
}
