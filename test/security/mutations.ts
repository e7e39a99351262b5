import { oneOf, type Random, wholeBelow } from '../property/seed.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Container = Record<string, unknown>

/** Values that break code which believes what the types of an event promise. */
const HOSTILE: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  1e308,
  Number.NaN,
  '',
  ' ',
  'Bearer',
  'Bearer ',
  '\u0000',
  '\uD800',
  '\uFEFF',
  '../../etc/passwd',
  '*',
  'arn:aws:execute-api:*:*:*/*/*/*',
  '$'.concat('{aws:username}'),
  'é'.repeat(5_000),
  [],
  [[]],
  [null],
  {},
  { toString: 'x' },
  { length: 1e9 },
]

const hostile = (random: Random): unknown => structuredClone(HOSTILE[wholeBelow(random, HOSTILE.length)])

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'authorization',
  'Authorization',
  'AUTHORIZATION',
  'headers',
  'methodArn',
  'requestContext',
  'version',
] as const

const CHARACTERS = [...'aA0_-.=/%*?$ {}"\\', '\u0000', '\n', 'é', '\u{1F511}']

/** Every object and list of an event, itself first. */
const containersOf = (root: unknown): readonly Container[] => {
  const found: Container[] = []
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    found.push(value as Container)
    for (const member of Object.values(value)) visit(member)
  }
  visit(root)
  return found
}

const define = (container: Container, name: string, value: unknown) =>
  Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true })

const edited = (random: Random, text: string): string => {
  const at = wholeBelow(random, text.length + 1)
  const rest = text.slice(at + wholeBelow(random, 2))
  return wholeBelow(random, 20) === 0
    ? text.slice(0, at)
    : text.slice(0, at) + oneOf(random, CHARACTERS) + rest
}

const cased = (random: Random, name: string): string =>
  random() < 0.5 ? name.toUpperCase() : name.toLowerCase()

/** One change somewhere in the event, in place. */
const mutate = (random: Random, event: unknown): void => {
  const containers = containersOf(event)
  if (containers.length === 0) return
  const container = oneOf(random, containers)
  const names = Object.keys(container)
  const name = names.length > 0 ? oneOf(random, names) : oneOf(random, NAMES)
  const value = Object.hasOwn(container, name) ? container[name] : undefined
  switch (wholeBelow(random, 8)) {
    case 0:
      return void define(container, name, hostile(random))
    case 1:
      return void Reflect.deleteProperty(container, name)
    case 2:
      return void define(container, oneOf(random, NAMES), value)
    case 3:
      return void define(container, cased(random, name), value)
    case 4:
      return void define(container, name, [value, value])
    case 5: {
      const values = Object.values(oneOf(random, containers))
      // A copy, so that no event holds itself: what arrives as JSON never does.
      return void define(container, name, structuredClone(values[wholeBelow(random, values.length)]))
    }
    default:
      return void define(container, name, typeof value === 'string' ? edited(random, value) : value)
  }
}

/** One of the valid events (as JSON), changed in one to four places, or not at all. */
export const mutated = (random: Random, events: readonly string[]): unknown => {
  const event: unknown = JSON.parse(oneOf(random, events))
  for (let left = wholeBelow(random, 5); left > 0; left--) mutate(random, event)
  return random() < 0.002 ? hostile(random) : event
}

/** Values for whoever only wants something that is JSON. */
export const nested = (depth: number): Json => (depth === 0 ? 'deep' : { headers: nested(depth - 1) })

export type { Json }
