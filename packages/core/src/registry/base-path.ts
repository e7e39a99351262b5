import type { ValidDocument } from './document.ts'
import { isObject, type JsonObject } from './json-object.ts'

/** No path may be as long, so what a server's variables expand to need not be longer either. */
const LONGEST_URL = 4_096

/** What stands before every path of an operation: `basePath`, or the path of its first server; '' for none. */
export const basePathOf = (
  { version, root }: ValidDocument,
  item: JsonObject,
  operation: JsonObject,
): string => {
  if (version === '2.0') return trimmed(typeof root.basePath === 'string' ? root.basePath : '')
  const servers = [operation, item, root]
    .map((part) => part.servers)
    .find((list) => Array.isArray(list) && list.length > 0)
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined
  return isObject(server) ? trimmed(pathOfUrl(expanded(server))) : ''
}

/** A server's URL with its variables' defaults (OpenAPI 3.1 §4.8.5). */
const expanded = ({ url, variables }: JsonObject): string => {
  let length = 0
  return String(url).replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
    const variable = isObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined
    const value = isObject(variable) && typeof variable.default === 'string' ? variable.default : whole
    length += value.length
    return length > LONGEST_URL ? whole : value
  })
}

const pathOfUrl = (url: string): string => {
  const withoutOrigin = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/^\/\/[^/?#]*/, '')
  const path = withoutOrigin.replace(/[?#].*$/s, '')
  return path === '' || path.startsWith('/') ? path : `/${path.replace(/^\.\//, '')}`
}

/** A loop, because the expression `/+$` tries again at every slash of a long run of them. */
const trimmed = (path: string): string => {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}
