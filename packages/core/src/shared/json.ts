import { createHash } from 'node:crypto'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json }

/** JSON text with members sorted by name (RFC 8785 for the values used here), so that equal facts hash alike. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`
}

/** `sha-256:` and the unpadded base64url digest of the canonical JSON. */
export const digestOf = (value: unknown): string =>
  `sha-256:${createHash('sha256').update(canonicalJson(value)).digest('base64url')}`
