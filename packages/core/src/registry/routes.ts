import { err, ok, type Result } from '../shared/result.ts'
import {
  type Authorization,
  formatRoute,
  isTemplate,
  type Method,
  type ProtectedRoute,
  shapeOf,
} from '../shared/route.ts'
import type { RegistrationFault } from './api.ts'
import { type AuthorizationText, readAuthorization, securityAuthorization } from './authorization.ts'
import {
  fault,
  isObject,
  type JsonObject,
  readDocument,
  resolvePointer,
  type ValidDocument,
} from './document.ts'

/** Operations of a path item and the methods they stand for; `x-amazon-…` is API Gateway's own. */
const OPERATIONS: Readonly<Record<string, Method>> = {
  get: 'GET',
  put: 'PUT',
  post: 'POST',
  delete: 'DELETE',
  options: 'OPTIONS',
  head: 'HEAD',
  patch: 'PATCH',
  trace: 'TRACE',
  'x-amazon-apigateway-any-method': 'ANY',
}

/** More routes than API Gateway has resources for (300 by default, 1,000 at most after asking). */
const MOST_ROUTES = 1_000

/** Every operation of a document as a route with its base path and its protection, or every reason why not. */
export const routesOf = async (
  source: JsonObject | string,
  requested?: AuthorizationText,
): Promise<Result<readonly ProtectedRoute[], readonly RegistrationFault[]>> => {
  const fallback = readAuthorization(requested)
  if (fallback === 'unknown')
    return err([
      fault(
        '/authorization',
        'authorization_unknown',
        `"${String(requested)}" is not a way to protect a route`,
      ),
    ])
  const document = await readDocument(source)
  if (!document.ok) return document
  const faults: RegistrationFault[] = []
  const routes = operationsOf(document.value).map((operation) =>
    routeOfOperation(operation, document.value, fallback, faults),
  )
  faults.push(...shapeFaults(routes))
  if (routes.length === 0) faults.push(fault('/paths', 'no_operations', 'there is no operation to register'))
  if (routes.length > MOST_ROUTES)
    faults.push(fault('/paths', 'too_many_operations', `more than ${MOST_ROUTES} operations`))
  return faults.length > 0 ? err(faults) : ok(routes.map(({ pointer: _, ...route }) => route))
}

interface Operation {
  readonly pointer: string
  readonly path: string
  readonly method: Method
  readonly item: JsonObject
  readonly operation: JsonObject
}

interface PointedRoute extends ProtectedRoute {
  readonly pointer: string
}

const operationsOf = ({ root }: ValidDocument): readonly Operation[] =>
  Object.entries(isObject(root.paths) ? root.paths : {}).flatMap(([path, value]) => {
    if (!path.startsWith('/')) return []
    const item = withReference(root, value)
    return Object.entries(OPERATIONS).flatMap(([name, method]) => {
      const operation = item[name]
      const pointer = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${name}`
      return isObject(operation) ? [{ pointer, path, method, item, operation }] : []
    })
  })

/** A path item may refer to another one (OpenAPI 3.1 §4.8.9); its own members go first. */
const withReference = (root: JsonObject, value: unknown): JsonObject => {
  let item = isObject(value) ? value : {}
  for (let hops = 0; typeof item.$ref === 'string' && hops < 10; hops++) {
    const { $ref, ...own } = item
    const target = resolvePointer(root, String($ref))
    item = { ...(isObject(target) ? target : {}), ...own }
  }
  return item
}

const routeOfOperation = (
  { pointer, path, method, item, operation }: Operation,
  document: ValidDocument,
  fallback: Authorization | undefined,
  faults: RegistrationFault[],
): PointedRoute => {
  const base = basePathOf(document, item, operation)
  const full = base === '' ? path : path === '/' ? base : `${base}${path}`
  if (!isTemplate(full))
    faults.push(
      fault(pointer, 'path_unsupported', `"${full}" is not a path template that API Gateway could have`),
    )
  const explicit = [operation, item, document.root].map((part) => readAuthorization(part[EXTENSION]))
  if (explicit.includes('unknown'))
    faults.push(fault(`${pointer}/${EXTENSION}`, 'authorization_unknown', 'not a way to protect a route'))
  const said = explicit.find((one) => one !== undefined && one !== 'unknown')
  const authorization = said ?? securityAuthorization(document, operation) ?? fallback ?? 'iam'
  return { pointer, method, path: full, authorization: authorization as Authorization }
}

const EXTENSION = 'x-countersign-authorization'

const basePathOf = ({ version, root }: ValidDocument, item: JsonObject, operation: JsonObject): string => {
  if (version === '2.0') return trimmed(typeof root.basePath === 'string' ? root.basePath : '')
  const servers = [operation, item, root]
    .map((part) => part.servers)
    .find((list) => Array.isArray(list) && list.length > 0)
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined
  return isObject(server) ? trimmed(pathOfUrl(expanded(server))) : ''
}

/** A server's URL with its variables' defaults (OpenAPI 3.1 §4.8.5). */
const expanded = ({ url, variables }: JsonObject): string =>
  String(url).replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = isObject(variables) ? variables[name] : undefined
    return isObject(variable) && typeof variable.default === 'string' ? variable.default : whole
  })

const pathOfUrl = (url: string): string => {
  const withoutOrigin = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/^\/\/[^/?#]*/, '')
  const path = withoutOrigin.replace(/[?#].*$/s, '')
  return path === '' || path.startsWith('/') ? path : `/${path.replace(/^\.\//, '')}`
}

const trimmed = (path: string): string => path.replace(/\/+$/, '')

/** Two operations whose templates match the same requests: nobody could say which of them a request is. */
const shapeFaults = (routes: readonly PointedRoute[]): readonly RegistrationFault[] => {
  const first = new Map<string, PointedRoute>()
  return routes.flatMap((route) => {
    const shape = formatRoute({ method: route.method, path: shapeOf(route.path) })
    const other = first.get(shape)
    if (!other) {
      first.set(shape, route)
      return []
    }
    return [fault(route.pointer, 'route_ambiguous', `matches the same requests as "${formatRoute(other)}"`)]
  })
}
