import { type Document, isAlias, isMap, isScalar, parseDocument, visit } from 'yaml'
import { err, ok, type Result } from '../shared/result.ts'
import type { RegistrationFault } from './api.ts'
import { fault, MOST_FAULTS } from './fault.ts'

/** YAML aliases a document may use: each is looked up through the whole of it, and many make a "billion laughs". */
const MOST_ALIASES = 200

/** The value of JSON or YAML 1.2 text (JSON is YAML), or everything that is wrong with it as a text. */
export const parseText = (text: string): Result<unknown, readonly RegistrationFault[]> => {
  try {
    // The parser's own look for repeated keys compares every key with every other; `repeatedKeys` does not.
    const document = parseDocument(text, { uniqueKeys: false, schema: 'core' })
    const syntax = document.errors.slice(0, MOST_FAULTS).map(({ message }) => firstLine(message))
    const wrong = syntax.length > 0 ? syntax : textFaults(document)
    if (wrong.length > 0) return err(wrong.map((detail) => fault('', 'document_malformed', detail)))
    return ok(document.toJS({ maxAliasCount: MOST_ALIASES }))
  } catch {
    return err([fault('', 'document_malformed', 'it nests too deep, or its YAML aliases expand to too much')])
  }
}

const firstLine = (message: string): string => message.split('\n')[0] ?? message

const textFaults = (document: Document): readonly string[] => {
  const faults: string[] = []
  let aliases = 0
  visit(document, (_, node) => {
    if (isMap(node)) faults.push(...repeatedKeys(node.items.map(({ key }) => key)))
    if (isAlias(node)) aliases += 1
    return faults.length >= MOST_FAULTS || aliases > MOST_ALIASES ? visit.BREAK : undefined
  })
  return aliases > MOST_ALIASES ? [`more than ${MOST_ALIASES} YAML aliases`] : faults.slice(0, MOST_FAULTS)
}

/** Keys that would be one member: `200` and `"200"` are. */
const repeatedKeys = (keys: readonly unknown[]): readonly string[] => {
  const seen = new Set<string>()
  return keys.flatMap((key) => {
    if (!isScalar(key)) return ['a key that is not a plain name']
    const name = String(key.value)
    if (seen.has(name)) return [`"${name}" is there twice in one object`]
    seen.add(name)
    return []
  })
}
