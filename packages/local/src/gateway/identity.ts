import type { ProtectedRoute } from '@countersign/core/shared'
import { routeKeyOf } from './authorizer-event.ts'
import { type GatewayRequest, headersNamed } from './message.ts'

const SOURCE = /^(?:method\.request|\$request)\.(header|querystring)\.(.+)$/
const CONTEXT = /^\$?context\.(httpMethod|path|stage|apiId|routeKey|resourcePath)$/

/** What API Gateway finds where it was told to look; undefined when anything is missing or empty: 401, without a call. */
export const identityOf = (
  sources: readonly string[],
  request: GatewayRequest,
  route: ProtectedRoute | undefined,
): readonly string[] | undefined => {
  const values = sources.map((source) => readerOf(source)(request, route))
  return values.every((value): value is string => value !== undefined && value !== '') ? values : undefined
}

type Reader = (request: GatewayRequest, route: ProtectedRoute | undefined) => string | undefined

/** Sources come out of a setup, of which there are few, and every request is looked at with them. */
const readers = new Map<string, Reader>()

const readerOf = (source: string): Reader => {
  const reader = readers.get(source) ?? createReader(source)
  readers.set(source, reader)
  return reader
}

const createReader = (source: string): Reader => {
  const [, kind, name = ''] = SOURCE.exec(source) ?? []
  if (kind === 'header') return headerReader(name.toLowerCase(), source.startsWith('$'))
  if (kind === 'querystring') return ({ query }) => new URLSearchParams(query).get(name) ?? undefined
  const [, member] = CONTEXT.exec(source) ?? []
  if (member === undefined) throw new Error(`${source} is no identity source of the emulation`)
  return (request, route) => contextValue(member, request, route)
}

/** HTTP APIs join what comes twice, REST APIs take the last. */
const headerReader =
  (name: string, joined: boolean): Reader =>
  (request) => {
    const values = headersNamed(request, name)
    if (values.length === 0) return undefined
    return joined ? values.join(',') : values.at(-1)
  }

const contextValue = (
  member: string,
  { method, path, stage, gatewayId }: GatewayRequest,
  route: ProtectedRoute | undefined,
): string => {
  switch (member) {
    case 'httpMethod':
      return method
    case 'path':
      return path
    case 'stage':
      return stage
    case 'apiId':
      return gatewayId
    case 'resourcePath':
      return route?.path ?? '/{proxy+}'
    default:
      return routeKeyOf(route)
  }
}
