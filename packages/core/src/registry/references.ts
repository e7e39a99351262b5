import type { RegistrationFault } from './api.ts'
import { fault } from './fault.ts'
import { isObject, type JsonObject } from './json-object.ts'

/** References point into the document itself, at something that exists. Examples, defaults and `x-` members are data. */
export const referenceFaults = (root: JsonObject): readonly RegistrationFault[] => {
  const faults: RegistrationFault[] = []
  const anchors = anchorsOf(root)
  const visit = (value: unknown, pointer: string): void => {
    if (Array.isArray(value)) value.forEach((entry, index) => void visit(entry, `${pointer}/${index}`))
    if (!isObject(value)) return
    const { $ref } = value
    if (typeof $ref === 'string') faults.push(...faultsOf($ref, `${pointer}/$ref`))
    for (const [name, member] of Object.entries(value)) {
      if (!isData(name, pointer)) visit(member, `${pointer}/${escaped(name)}`)
    }
  }
  const faultsOf = (reference: string, at: string): readonly RegistrationFault[] => {
    if (!reference.startsWith('#'))
      return [fault(at, 'reference_outside_document', `"${reference}" is never fetched`)]
    const found = anchors.has(reference.slice(1)) || resolvePointer(root, reference) !== undefined
    return found ? [] : [fault(at, 'reference_unresolved', `"${reference}" is not in the document`)]
  }
  visit(root, '')
  return faults
}

const DATA = new Set(['example', 'examples', 'default', 'enum', 'const', 'mapping'])

const isData = (name: string, parent: string): boolean =>
  name.startsWith('x-') || (DATA.has(name) && !(name === 'default' && parent.endsWith('/responses')))

/** A member's name as a step of a JSON pointer (RFC 6901 §3). */
export const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** JSON Schema 2020-12 lets a schema carry an `$anchor`; looked for once, however many references there are. */
const anchorsOf = (root: JsonObject): ReadonlySet<string> => {
  const anchors = new Set<string>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('$anchor' in value && typeof value.$anchor === 'string') anchors.add(value.$anchor)
    Object.values(value).forEach(visit)
  }
  visit(root)
  return anchors
}

/** What `#/a/b` points at (RFC 6901, in a URI fragment). */
export const resolvePointer = (root: JsonObject, reference: string): unknown => {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let at: unknown = root
  for (const encoded of reference.slice(2).split('/')) {
    const name = decode(encoded)?.replaceAll('~1', '/').replaceAll('~0', '~')
    if (name === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, name))
      return undefined
    at = (at as JsonObject)[name]
  }
  return at
}

/** The object itself, or what its chain of references ends at; undefined when the chain is broken, or never ends. */
export const dereferenced = (root: JsonObject, value: unknown): JsonObject | undefined => {
  const seen = new Set<unknown>()
  let at = value
  while (isObject(at) && typeof at.$ref === 'string') {
    if (seen.has(at)) return undefined
    seen.add(at)
    at = resolvePointer(root, at.$ref)
  }
  return isObject(at) ? at : undefined
}

const decode = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
