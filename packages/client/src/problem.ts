import type { Problem } from './outcome.ts'

/** Parses JSON text; undefined when it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const isProblem = (value: unknown): value is Problem =>
  isObject(value) &&
  [value.type, value.title, value.code].every((member) => typeof member === 'string') &&
  (value.detail === undefined || typeof value.detail === 'string') &&
  (value.errors === undefined || (Array.isArray(value.errors) && value.errors.every(isObject)))

/** What a proxy says when nothing stands behind it. */
const NOBODY_BEHIND: readonly number[] = [502, 503, 504]

/**
 * The problem in an error answer. API Gateway itself refuses with `{"message": …}`: that becomes a problem of the
 * type `about:blank` (RFC 9457 §4.2.1). Undefined when a proxy answered in place of the platform.
 */
export const problemIn = (status: number, statusText: string, text: string): Problem | undefined => {
  const body = parseJson(text)
  if (isProblem(body)) return body
  if (isObject(body) && typeof body.error === 'string') return oauthProblem(status, body.error, body)
  if (NOBODY_BEHIND.includes(status)) return undefined
  const detail = isObject(body) ? textIn(body.message) : undefined
  const title = statusText || `HTTP ${status}`
  const code = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
  return { type: 'about:blank', title, status, code, ...(detail !== undefined && { detail }) }
}

/** OAuth endpoints refuse as RFC 6749 §5.2 has it; `code` says more than their few errors. */
const oauthProblem = (status: number, error: string, body: Readonly<Record<string, unknown>>): Problem => {
  const detail = textIn(body.error_description)
  return {
    type: 'about:blank',
    title: error,
    status,
    code: textIn(body.code) ?? error,
    ...(detail !== undefined && { detail }),
  }
}
