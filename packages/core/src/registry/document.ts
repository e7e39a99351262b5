import { Validator } from '@seriousme/openapi-schema-validator'
import { parseDocument } from 'yaml'
import { err, ok, type Result } from '../shared/result.ts'
import type { RegistrationFault } from './api.ts'

export type JsonObject = { readonly [member: string]: unknown }

/** An OpenAPI document that conforms to the schema of its version, with every reference inside itself. */
export interface ValidDocument {
  readonly version: '2.0' | '3.0' | '3.1'
  readonly root: JsonObject
}

const MOST_FAULTS = 100
const DEEPEST = 200
/** YAML aliases that may expand; a document needs few, a "billion laughs" needs many. */
const MOST_ALIASES = 50

/** Reads an object or JSON or YAML text (JSON is YAML), and says everything that is wrong with it. Fetches nothing. */
export const readDocument = async (
  source: JsonObject | string,
): Promise<Result<ValidDocument, readonly RegistrationFault[]>> => {
  const parsed = typeof source === 'string' ? parseText(source) : ok(source)
  if (!parsed.ok) return parsed
  const root = parsed.value
  if (isTooDeep(root)) return err([fault('', 'document_too_deep', `nested deeper than ${DEEPEST} levels`)])
  const version = versionOf(root)
  if (!version)
    return err([fault('', 'version_unsupported', 'say swagger: "2.0", or openapi: "3.0.x" or "3.1.x"')])
  const faults = [...(await schemaFaults(root)), ...referenceFaults(root)]
  return faults.length > 0 ? err(faults.slice(0, MOST_FAULTS)) : ok({ version, root })
}

export const fault = (pointer: string, code: string, detail: string): RegistrationFault => ({
  pointer,
  code,
  detail,
})

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parseText = (text: string): Result<JsonObject, readonly RegistrationFault[]> => {
  const document = parseDocument(text, { uniqueKeys: true })
  const syntax = document.errors.map(({ message }) =>
    fault('', 'document_malformed', message.split('\n')[0] ?? message),
  )
  if (syntax.length > 0) return err(syntax)
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES })
    return isObject(value)
      ? ok(value)
      : err([fault('', 'document_malformed', 'an OpenAPI document is an object')])
  } catch {
    return err([fault('', 'document_malformed', 'its YAML aliases expand to too much')])
  }
}

const isTooDeep = (value: unknown): boolean => {
  let level: readonly unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true
    level = level.flatMap((entry) =>
      typeof entry === 'object' && entry !== null ? Object.values(entry) : [],
    )
  }
  return false
}

const versionOf = ({ swagger, openapi }: JsonObject): ValidDocument['version'] | undefined => {
  if (swagger === '2.0') return '2.0'
  const [, minor] = (typeof openapi === 'string' && /^(3\.[01])\.[0-9]+(?:-[\w.]+)?$/.exec(openapi)) || []
  return minor as '3.0' | '3.1' | undefined
}

/** Keywords that only gather what other faults say in detail. */
const GATHERING = new Set(['oneOf', 'anyOf', 'allOf', 'if', 'not'])

const schemaFaults = async (root: JsonObject): Promise<readonly RegistrationFault[]> => {
  // A copy, because the validator may write into what it is given.
  const { valid, errors } = await new Validator({ allErrors: true }).validate({ ...structuredClone(root) })
  if (valid || errors === undefined) return []
  if (typeof errors === 'string') return [fault('', 'document_invalid', errors)]
  const precise = errors.filter(({ keyword }) => !GATHERING.has(keyword))
  const said = (precise.length > 0 ? precise : errors).map(
    ({ instancePath, message = 'is not allowed', params }) =>
      fault(instancePath, 'document_invalid', `${message}${namedIn(params)}`),
  )
  return [...new Map(said.map((one) => [JSON.stringify(one), one])).values()]
}

const namedIn = (params: Record<string, unknown>): string => {
  const name = params.additionalProperty ?? params.unevaluatedProperty
  if (typeof name === 'string') return `: "${name}"`
  const values = params.allowedValues
  return Array.isArray(values) ? `: ${values.join(', ')}` : ''
}

/** References point into the document itself, at something that exists. Examples, defaults and `x-` members are data. */
const referenceFaults = (root: JsonObject): readonly RegistrationFault[] => {
  const faults: RegistrationFault[] = []
  const visit = (value: unknown, pointer: string): void => {
    if (Array.isArray(value)) value.forEach((entry, index) => void visit(entry, `${pointer}/${index}`))
    if (!isObject(value)) return
    const { $ref } = value
    if (typeof $ref === 'string') {
      if (!$ref.startsWith('#'))
        faults.push(fault(`${pointer}/$ref`, 'reference_outside_document', `"${$ref}" is never fetched`))
      else if (resolvePointer(root, $ref) === undefined)
        faults.push(fault(`${pointer}/$ref`, 'reference_unresolved', `"${$ref}" is not in the document`))
    }
    for (const [name, member] of Object.entries(value)) {
      if (!isData(name, pointer)) visit(member, `${pointer}/${escaped(name)}`)
    }
  }
  visit(root, '')
  return faults
}

const DATA = new Set(['example', 'examples', 'default', 'enum', 'const', 'mapping'])

const isData = (name: string, parent: string): boolean =>
  name.startsWith('x-') || (DATA.has(name) && !(name === 'default' && parent.endsWith('/responses')))

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** What `#/a/b` points at (RFC 6901, in a URI fragment). */
export const resolvePointer = (root: JsonObject, reference: string): unknown => {
  if (!reference.startsWith('#')) return undefined
  const fragment = reference.slice(1)
  if (fragment === '') return root
  if (!fragment.startsWith('/')) return anchored(root, fragment)
  let at: unknown = root
  for (const encoded of fragment.slice(1).split('/')) {
    const name = decode(encoded)?.replaceAll('~1', '/').replaceAll('~0', '~')
    if (name === undefined || typeof at !== 'object' || at === null || !Object.hasOwn(at, name))
      return undefined
    at = (at as JsonObject)[name]
  }
  return at
}

/** JSON Schema 2020-12 lets a schema carry an `$anchor`. */
const anchored = (value: unknown, name: string): unknown => {
  if (Array.isArray(value))
    return value.map((entry) => anchored(entry, name)).find((found) => found !== undefined)
  if (!isObject(value)) return undefined
  if (value.$anchor === name) return value
  return anchored(Object.values(value), name)
}

const decode = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}
