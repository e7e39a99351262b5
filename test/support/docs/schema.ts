import { Line, Slug } from '@countersign/core/schema'
import { type IdKind, idFrom } from '@countersign/core/shared'

/** The part of JSON Schema (draft 7) that the catalog's shapes come down to. */
export interface JsonSchema {
  readonly $schema?: string
  readonly type?: string
  readonly format?: string
  readonly pattern?: string
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
}

/** What is used of a zod schema: only `core` depends on zod, so it converts itself. */
export interface Convertible {
  readonly _zod: { readonly def: { readonly type: string } }
  safeParse(value: unknown): { readonly success: boolean }
  toJSONSchema(options: object): object
}

const KINDS = [
  'api',
  'api-key',
  'consumer',
  'decision',
  'denial',
  'event',
  'key',
  'publication',
  'seal',
  'seal-part',
  'session',
  'token',
  'token-use',
  'usage-plan',
  'webhook',
] as const
const ALL_KINDS: readonly IdKind[] = KINDS satisfies readonly IdKind[]

/** Which ids a schema without a shape of its own takes. */
const kindOf = (schema: Convertible): IdKind | undefined =>
  ALL_KINDS.find((kind) => schema.safeParse(idFrom(kind, new Uint8Array(16))).success)

type Written = { -readonly [M in keyof JsonSchema]: JsonSchema[M] }

const describeId = (schema: Convertible, json: Written): void => {
  const kind = kindOf(schema)
  if (!kind) throw new Error('a shape in the catalog is neither JSON Schema nor an id')
  json.type = 'string'
  json.pattern = `^${prefixOf(kind)}_[0-9a-z]{1,64}$`
  json.description = `id of ${/^[ae]/.test(kind) ? 'an' : 'a'} ${kind}`
}

const prefixOf = (kind: IdKind): string => idFrom(kind, new Uint8Array(0)).slice(0, -1)

/** zod spells leap years out in a pattern; the format and the zone say it all. */
const describeInstant = (json: Written): void => {
  json.pattern = 'Z$'
  json.description = 'RFC 3339, in UTC'
}

/** What a writer must send, as JSON Schema draft 7 (what AsyncAPI 3 builds on). */
export const jsonSchemaOf = (schema: unknown): JsonSchema => {
  const { $schema: _, ...json } = (schema as Convertible).toJSONSchema({
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }: { zodSchema: Convertible; jsonSchema: Written }) => {
      if (zodSchema._zod.def.type === 'custom') describeId(zodSchema, jsonSchema)
      if (jsonSchema.format === 'date-time') describeInstant(jsonSchema)
    },
  }) as JsonSchema
  return json
}

export interface Member {
  /** `grants[].routes[].path` */
  readonly path: string
  readonly type: string
  readonly required: boolean
}

/** Every member of an object, however deep, in the order of the schema. */
export const membersOf = (schema: JsonSchema, prefix = ''): readonly Member[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = `${prefix}${name}`
    const own = { path, type: typeText(member), required: schema.required?.includes(name) ?? false }
    return [own, ...membersOf(member.items ?? member, member.items ? `${path}[].` : `${path}.`)]
  })

export const typeText = (schema: JsonSchema): string => {
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ')
  if (schema.type === 'array') return `list of ${typeText(schema.items ?? {})}`
  if (schema.format === 'date-time') return 'instant'
  if (schema.description) return schema.description
  if (schema.type === 'integer') return `whole number${rangeText(schema)}`
  if (schema.type === 'string') return textOf(schema)
  return schema.type ?? 'anything'
}

const NAMED_PATTERNS: readonly (readonly [schema: unknown, name: string])[] = [
  [Slug, 'name'],
  [Line, 'one line of text'],
]

const textOf = ({ pattern }: JsonSchema): string => {
  if (pattern === undefined) return 'text'
  const named = NAMED_PATTERNS.find(([schema]) => jsonSchemaOf(schema).pattern === pattern)
  return named ? named[1] : `text, \`${pattern.replaceAll('|', '\\|')}\``
}

const rangeText = ({ minimum, maximum }: JsonSchema): string =>
  maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER
    ? `, ${minimum ?? 0} to ${maximum}`
    : minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER
      ? `, from ${minimum}`
      : ''
