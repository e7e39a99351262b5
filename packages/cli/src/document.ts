import { parse } from 'yaml'
import { WrongUsage } from './command.ts'
import { readInput } from './files.ts'
import type { Terminal } from './terminal.ts'

/** An OpenAPI document, and what it says about itself; whether it is a good one the platform says. */
export interface Described {
  readonly openapi: unknown
  readonly slug: string | undefined
  readonly contact: string | undefined
}

/** Reads JSON or YAML from a file or from stdin (`-`); throws WrongUsage. */
export const readDocument = async (file: string, terminal: Terminal): Promise<Described> => {
  const openapi = parseDocument(await readInput(file, terminal), file)
  if (!isObject(openapi)) throw new WrongUsage(`${file} does not hold an OpenAPI document`)
  const info = isObject(openapi.info) ? openapi.info : {}
  const contact = isObject(info.contact) ? info.contact : {}
  return { openapi, slug: slugOf(lineIn(info.title)), contact: lineIn(contact.name) ?? lineIn(contact.email) }
}

/** Through JSON once, so that a document that contains itself is refused here. */
const parseDocument = (text: string, file: string): unknown => {
  try {
    return JSON.parse(JSON.stringify(parse(text, { prettyErrors: true }) ?? null))
  } catch (cause) {
    const [where] = (cause instanceof Error ? cause.message : '').split(':\n')
    throw new WrongUsage(`${file} is neither JSON nor YAML: ${where}`, { cause })
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One line, as long as an owner's name may be. */
const lineIn = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
        .replaceAll(/[\s\p{Cc}]+/gu, ' ')
        .trim()
        .slice(0, 200)
        .trim() || undefined
    : undefined

/** `Uber API` becomes `uber-api`. */
const slugOf = (title = ''): string | undefined =>
  title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 64)
    .replaceAll(/^-+|-+$/g, '') || undefined
