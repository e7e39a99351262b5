import type { Inputs } from '../../stacks/evaluation.ts'

/** Inputs, and which of them nobody has looked at yet. */
export interface Observed {
  readonly view: Inputs
  /** Paths of the members that are set and were not read: `environment.variables.ISSUER`. */
  unread(): readonly string[]
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)

const pathOf = (path: string, member: string) => (path === '' ? member : `${path}.${member}`)

/** So that an input which no creator knows cannot be lost without a word. */
export const observed = (inputs: Inputs): Observed => {
  const seen = new Set<string>()
  const viewOf = (of: Record<string, unknown>, path: string): Record<string, unknown> =>
    new Proxy(of, {
      get: (target, member) => {
        const value: unknown = Reflect.get(target, member)
        if (typeof member !== 'string' || typeof value === 'function') return value
        const at = pathOf(path, member)
        seen.add(at)
        return isPlain(value) ? viewOf(value, at) : value
      },
    })
  const unread = () => leavesOf(inputs, '').filter((path) => !seen.has(path))
  return { view: viewOf(inputs, ''), unread }
}

const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || value === false

const leavesOf = (value: unknown, path: string): readonly string[] => {
  if (isUnset(value)) return []
  if (!isPlain(value)) return [path]
  return Object.entries(value).flatMap(([member, inner]) => leavesOf(inner, pathOf(path, member)))
}
