import { Validator } from '@seriousme/openapi-schema-validator'
import { err, ok, type Result } from '../shared/result.ts'
import type { RegistrationFault } from './api.ts'
import { parseText } from './document-text.ts'
import { fault, MOST_FAULTS } from './fault.ts'
import { isObject, type JsonObject } from './json-object.ts'
import { referenceFaults } from './references.ts'

/** An OpenAPI document that conforms to the schema of its version, with every reference inside itself. */
export interface ValidDocument {
  readonly version: '2.0' | '3.0' | '3.1'
  readonly root: JsonObject
}

const DEEPEST = 200
const MOST_VALUES = 200_000
/** Lists are compared entry by entry with themselves (`uniqueItems`): one of 5,000 entries, or many shorter ones. */
const MOST_COMPARISONS = 25_000_000

/** Reads an object or JSON or YAML text, and says everything that is wrong with it. Fetches nothing. */
export const readDocument = async (
  source: JsonObject | string,
): Promise<Result<ValidDocument, readonly RegistrationFault[]>> => {
  const parsed = typeof source === 'string' ? parseText(source) : ok(source)
  if (!parsed.ok) return parsed
  const root = parsed.value
  if (!isObject(root)) return err([fault('', 'document_malformed', 'an OpenAPI document is an object')])
  const excess = excessOf(root)
  if (excess) return err([excess])
  const version = versionOf(root)
  if (!version)
    return err([fault('', 'version_unsupported', 'say swagger: "2.0", or openapi: "3.0.x" or "3.1.x"')])
  const faults = [...(await schemaFaults(root)), ...referenceFaults(root)]
  return faults.length > 0 ? err(faults.slice(0, MOST_FAULTS)) : ok({ version, root })
}

/** What YAML aliases share counts as often as it is reached; what they make endless is too deep. */
const excessOf = (root: JsonObject): RegistrationFault | undefined => {
  const pending: [value: unknown, depth: number][] = [[root, 0]]
  let values = 0
  let comparisons = 0
  for (let next = pending.pop(); next; next = pending.pop()) {
    const [value, depth] = next
    if (typeof value !== 'object' || value === null) continue
    if (depth > DEEPEST) return fault('', 'document_too_deep', `nested deeper than ${DEEPEST} levels`)
    const members = Object.values(value)
    values += members.length
    if (Array.isArray(value)) comparisons += members.length ** 2
    if (values > MOST_VALUES || comparisons > MOST_COMPARISONS)
      return fault('', 'document_too_large', `more than ${MOST_VALUES} values, or lists too long to compare`)
    for (const member of members) pending.push([member, depth + 1])
  }
  return undefined
}

const versionOf = ({ swagger, openapi }: JsonObject): ValidDocument['version'] | undefined => {
  if (swagger === '2.0') return '2.0'
  const [, minor] = (typeof openapi === 'string' && /^(3\.[01])\.[0-9]+(?:-[\w.]+)?$/.exec(openapi)) || []
  return minor as '3.0' | '3.1' | undefined
}

/** Keywords that only gather what other faults say in detail. */
const GATHERING = new Set(['oneOf', 'anyOf', 'allOf', 'if', 'not'])

/** Compiles the schema of each version once. */
const validator = new Validator({ allErrors: true })

const schemaFaults = async (root: JsonObject): Promise<readonly RegistrationFault[]> => {
  const { errors } = await validator.validate({ ...root })
  // A text says that the schema is met but a reference is not; `referenceFaults` says it of all, and not of data.
  if (errors === undefined || typeof errors === 'string') return []
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
