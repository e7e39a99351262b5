import { hash } from 'node:crypto'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json }

/** JSON text with members sorted by name (RFC 8785 for the values used here), so that equal facts hash alike. */
export const canonicalJson = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry ?? null)).join(',')}]`
  const object = value as Readonly<Record<string, unknown>>
  let text = ''
  for (const name of Object.keys(object).sort((a, b) => (a < b ? -1 : 1)))
    if (object[name] !== undefined)
      text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(object[name])}`
  return `{${text}}`
}

/** `sha-256:` and the unpadded base64url digest of the canonical JSON. */
export const digestOf = (value: unknown): string =>
  `sha-256:${hash('sha256', canonicalJson(value), 'base64url')}`

/** Whether an object in this well-formed JSON names a member twice (after unescaping, RFC 8259 §4). */
export const hasDuplicateMember = (text: string): boolean => {
  const objects: (Set<string> | undefined)[] = []
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '{') objects.push(new Set())
    else if (character === '[') objects.push(undefined)
    else if (character === '}' || character === ']') objects.pop()
    else if (character === '"') {
      const end = endOfString(text, at)
      const members = objects.at(-1)
      if (members && isNameAt(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string
        if (members.has(name)) return true
        members.add(name)
      }
      at = end - 1
    }
  }
  return false
}

/** The index after the closing quote of the string that begins at `start`. */
const endOfString = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** Whether a string that ended before `at` is a member's name: however much space is between, a colon follows. */
const isNameAt = (text: string, at: number): boolean => {
  let next = at
  while (/\s/.test(text.charAt(next))) next += 1
  return text[next] === ':'
}
