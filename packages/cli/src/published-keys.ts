import type { PublishedKey } from '@countersign/client'
import { WrongUsage } from './command.ts'
import { readInput } from './files.ts'
import type { Terminal } from './terminal.ts'

/** The keys of a JWK set in a file; undefined where none is named. Throws WrongUsage. */
export const publishedKeys = async (
  file: string | undefined,
  terminal: Terminal,
): Promise<readonly PublishedKey[] | undefined> =>
  file === undefined ? undefined : keysIn(jsonIn(await readInput(file, terminal), file), file)

const keysIn = (value: unknown, file: string): readonly PublishedKey[] => {
  const { keys } = (value ?? {}) as { readonly keys?: unknown }
  if (Array.isArray(keys) && keys.every(isKey)) return keys
  throw new WrongUsage(`${file} is no JWK set; "countersign keys jwks" prints one`)
}

const isKey = (value: unknown): value is PublishedKey => {
  const { kid, kty } = (value ?? {}) as Readonly<Record<string, unknown>>
  return typeof kid === 'string' && typeof kty === 'string'
}

/** Of a file, or of stdin for `-`. Throws WrongUsage. */
export const jsonIn = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new WrongUsage(`${file} is not JSON`, { cause })
  }
}
