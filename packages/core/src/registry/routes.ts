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
import { basePathOf } from './base-path.ts'
import { readDocument, type ValidDocument } from './document.ts'
import { fault, MOST_FAULTS } from './fault.ts'
import { isObject, type JsonObject } from './json-object.ts'
import { escaped, resolvePointer } from './references.ts'

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
    return err([fault('/authorization', 'authorization_unknown', `${JSON.stringify(requested)} ${NO_WAY}`)])
  const document = await readDocument(source)
  if (!document.ok) return document
  const operations = operationsOf(document.value)
  const routes = operations.map((operation) => routeOfOperation(operation, document.value, fallback))
  const faults = [
    ...countFaults(routes.length),
    ...itemFaults(document.value),
    ...extensionFaults(document.value, operations),
    ...routes.flatMap(templateFaults),
    ...sizeFaults(routes),
    ...shapeFaults(routes),
  ]
  return faults.length > 0
    ? err(faults.slice(0, MOST_FAULTS))
    : ok(routes.map(({ pointer: _, ...route }) => route))
}

const NO_WAY = 'is not a way to protect a route'

const countFaults = (count: number): readonly RegistrationFault[] => {
  if (count === 0) return [fault('/paths', 'no_operations', 'there is no operation to register')]
  return count > MOST_ROUTES
    ? [fault('/paths', 'too_many_operations', `more than ${MOST_ROUTES} operations`)]
    : []
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

const pathsOf = ({ root }: ValidDocument): readonly [path: string, pointer: string, item: unknown][] =>
  Object.entries(isObject(root.paths) ? root.paths : {})
    .filter(([path]) => path.startsWith('/'))
    .map(([path, item]) => [path, `/paths/${escaped(path)}`, item])

const operationsOf = (document: ValidDocument): readonly Operation[] =>
  pathsOf(document).flatMap(([path, pointer, value]) => {
    const item = withReference(document.root, value) ?? {}
    return Object.entries(OPERATIONS).flatMap(([name, method]) => {
      const operation = item[name]
      return isObject(operation) ? [{ pointer: `${pointer}/${name}`, path, method, item, operation }] : []
    })
  })

const itemFaults = (document: ValidDocument): readonly RegistrationFault[] =>
  pathsOf(document).flatMap(([, pointer, item]) =>
    withReference(document.root, item)
      ? []
      : [fault(`${pointer}/$ref`, 'reference_unresolved', 'it does not lead to a path item')],
  )

/** A path item may refer to another one (OpenAPI 3.1 §4.8.9); its own members go first. */
const withReference = (root: JsonObject, value: unknown): JsonObject | undefined => {
  let item: JsonObject | undefined = isObject(value) ? value : undefined
  const seen = new Set<string>()
  while (item && typeof item.$ref === 'string') {
    const { $ref, ...own } = item
    const target = seen.has(String($ref)) ? undefined : resolvePointer(root, String($ref))
    seen.add(String($ref))
    item = isObject(target) ? { ...target, ...own } : undefined
  }
  return item
}

const EXTENSION = 'x-countersign-authorization'

const routeOfOperation = (
  { pointer, path, method, item, operation }: Operation,
  document: ValidDocument,
  fallback: Authorization | undefined,
): PointedRoute => {
  const base = basePathOf(document, item, operation)
  const full = base === '' ? path : path === '/' ? base : `${base}${path}`
  const said = [operation, item, document.root]
    .map((part) => readAuthorization(part[EXTENSION]))
    .find((one) => one !== undefined && one !== 'unknown')
  const authorization = said ?? securityAuthorization(document, operation) ?? fallback ?? 'iam'
  return { pointer, method, path: full, authorization: authorization as Authorization }
}

/** Longer ones would not fit into an event, nor into a method ARN. */
const LONGEST_PATH = 1_024

const templateFaults = ({ pointer, path }: PointedRoute): readonly RegistrationFault[] =>
  path.length <= LONGEST_PATH && isTemplate(path)
    ? []
    : [fault(pointer, 'path_unsupported', `"${path}" is not a path template that API Gateway could have`)]

/** All of them travel in one event, which EventBridge and SQS take up to 256 KiB with its envelope. */
const LARGEST_ROUTES_BYTES = 200_000

const sizeFaults = (routes: readonly PointedRoute[]): readonly RegistrationFault[] => {
  const told = routes
    .filter((route) => templateFaults(route).length === 0)
    .map(({ pointer: _, ...route }) => route)
  return Buffer.byteLength(JSON.stringify(told)) > LARGEST_ROUTES_BYTES
    ? [fault('/paths', 'document_too_large', `its routes are more than ${LARGEST_ROUTES_BYTES} bytes`)]
    : []
}

/** Said once where it stands, however many operations it is said for. */
const extensionFaults = (
  { root }: ValidDocument,
  operations: readonly Operation[],
): readonly RegistrationFault[] => {
  const places = operations.flatMap(({ pointer, item, operation }): [string, JsonObject][] => [
    [pointer, operation],
    [pointer.slice(0, pointer.lastIndexOf('/')), item],
  ])
  const unknown = [['', root] as const, ...places].filter(
    ([, part]) => readAuthorization(part[EXTENSION]) === 'unknown',
  )
  return [...new Set(unknown.map(([pointer]) => `${pointer}/${EXTENSION}`))].map((pointer) =>
    fault(pointer, 'authorization_unknown', NO_WAY),
  )
}

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
