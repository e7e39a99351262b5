import type { SigningKey } from '@countersign/client'
import { columns, printable } from './table.ts'
import { relative } from './time.ts'

/** With the shortened ids before it, and two spaces between, a line of 80 columns. */
const BAR_COLUMNS = 63

const KID_LETTERS = 12

/** Each key's life as a bar over the same time: every phase it has is at least one column long. */
export const lives = (keys: readonly SigningKey[], now: Date): string => {
  const span = spanOf(keys, now)
  const present = columnOf(now.getTime(), span)
  const bars = keys.map((key) => [shortened(key.kid), marked(barOf(key, keys, span), present)])
  const [from, to] = [relative(instant(span.from), now), relative(instant(span.to), now)]
  const scale = `${from}${to.padStart(BAR_COLUMNS + 1 - from.length)}`
  return `${columns([['', 'now'.padStart(present + 1)], ...bars, ['', scale]])}\n\n. published  # signing  = verifying\n`
}

/** Milliseconds since 1970. */
interface Span {
  readonly from: number
  readonly to: number
}

const spanOf = (keys: readonly SigningKey[], now: Date): Span => {
  const from = Math.min(now.getTime(), ...keys.map(({ createdAt }) => Date.parse(createdAt)))
  const ends = keys.map(({ verifiesUntil, signsFrom }) => Date.parse(verifiesUntil ?? signsFrom))
  // The key that signs has no end yet: some future has to be there for it.
  const open = now.getTime() + Math.max((now.getTime() - from) / 4, 60_000)
  return { from, to: Math.max(open, ...ends) }
}

const columnOf = (at: number, { from, to }: Span): number =>
  Math.min(BAR_COLUMNS - 1, Math.max(0, Math.floor(((at - from) / (to - from)) * BAR_COLUMNS)))

const barOf = (key: SigningKey, keys: readonly SigningKey[], span: Span): string => {
  const column = (time: string) => columnOf(Date.parse(time), span)
  const next = successor(key, keys)
  const published = key.signsFrom > key.createdAt ? 1 : 0
  // What is too short for a column borrows one of the time before, or, where there is none, of the time after.
  const verifies = Math.max(next ? column(next.signsFrom) : BAR_COLUMNS, 1 + published)
  const signs = Math.max(Math.min(column(key.signsFrom), verifies - 1), published)
  const created = Math.min(column(key.createdAt), signs - published)
  const ends = key.verifiesUntil ? Math.max(column(key.verifiesUntil), verifies) + 1 : verifies
  const phases = ' '.repeat(created) + '.'.repeat(signs - created) + '#'.repeat(verifies - signs)
  return (phases + '='.repeat(ends - verifies)).slice(0, BAR_COLUMNS)
}

const successor = (key: SigningKey, keys: readonly SigningKey[]): SigningKey | undefined =>
  keys
    .filter(({ kid, signsFrom }) => kid !== key.kid && signsFrom >= key.signsFrom)
    .filter(({ signsFrom, createdAt }) => signsFrom > key.signsFrom || createdAt > key.createdAt)
    .toSorted((a, b) => Date.parse(a.signsFrom) - Date.parse(b.signsFrom))[0]

/** Between two columns, so that it hides no phase. */
const marked = (bar: string, at: number): string => `${bar.slice(0, at).padEnd(at)}|${bar.slice(at)}`

const shortened = (kid: string): string =>
  kid.length <= KID_LETTERS ? printable(kid) : `${printable(kid.slice(0, KID_LETTERS - 1))}…`

const instant = (milliseconds: number): string => new Date(milliseconds).toISOString()
