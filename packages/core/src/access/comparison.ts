import { canonicalJson, type Json } from '../shared/json.ts'
import type { Register, Row } from '../shared/register.ts'
import type { LoggedRegister, LoggedRow } from './log-fold.ts'
import { type StoredRow, WHOLE_ROW } from './stored-row.ts'

/**
 * How a register, or the row's time to be swept, differs from what the log makes of it: it is not there, of a lower rank
 * (an event did not arrive), of a higher one than the log ever gave, of the same rank with another value, made by no event
 * at all, or not to be read.
 */
export type Finding = 'missing' | 'behind' | 'ahead' | 'altered' | 'unexplained' | 'unreadable'

export interface RowDifference {
  readonly row: string
  /** `sweepAfter` for the row's time to be swept, `*` for the row. */
  readonly register: string
  readonly finding: Finding
  readonly stored: Register | undefined
  readonly logged: Register | undefined
  /** It refuses what the log does not, and is nothing the log knows of: only `lift` takes it away. */
  readonly stays: boolean
}

export interface Comparison {
  readonly key: string
  readonly seen: StoredRow | undefined
  readonly differences: readonly RowDifference[]
  /** The row as it is to be; undefined when there is to be none. */
  readonly wanted: Row | undefined
  /** Whether `wanted` is another row than the one that was seen. */
  readonly isToMend: boolean
}

export interface Compared {
  readonly key: string
  readonly seen: StoredRow | undefined
  readonly logged: LoggedRow | undefined
  /** Whether a register is asked about; others stay what they are. */
  readonly isAsked: (register: string) => boolean
  /** NumericDate. */
  readonly now: number
  /** Refusals that the log does not know of go as well. */
  readonly lift: boolean
}

/** Registers that refuse by what is in them; others open by what is in them, and refuse when they are empty. */
const REFUSING: ReadonlySet<string> = new Set(['refusal', 'superseded', 'refused'])

const refuses = (row: string, register: string, { value }: Register): boolean =>
  row.startsWith('fence#') || REFUSING.has(register) ? value !== null : value === null

/** What is stored beside what the log makes of it. Pure: the rebuild looks, this judges. */
export const compareRow = (compared: Compared): Comparison => {
  const { key, seen, logged } = compared
  if (!seen && isOver(logged, compared))
    return { key, seen, differences: [], wanted: undefined, isToMend: false }
  const judged = [...namesIn(compared)].map((name) => judge(compared, name))
  const stays = judged.some(({ difference }) => difference?.stays)
  const sweep = judgeSweep(compared, stays)
  const differences = [...judged, sweep].flatMap(({ difference }) => difference ?? [])
  const wanted = wantedRow(compared, judged, sweep.wanted)
  return { key, seen, differences, wanted, isToMend: differences.some((one) => !one.stays) }
}

/** The row's time was over: whether it was swept yet, and how far it had come, is nobody's concern. */
const isOver = (logged: LoggedRow | undefined, { now }: Compared): boolean =>
  logged !== undefined && logged.sweepAfter > 0 && logged.sweepAfter < now

/** A row that cannot be read is told of by the registers that the log has in it, or else as a whole. */
const namesIn = ({ seen, logged, isAsked }: Compared): ReadonlySet<string> => {
  const unreadable = (seen?.unreadable ?? []).filter(
    (name) => name !== SWEEP_AFTER && !(name === WHOLE_ROW && logged),
  )
  const names = [...Object.keys(seen?.registers ?? {}), ...unreadable, ...(logged?.registers.keys() ?? [])]
  return new Set(names.filter(isAsked))
}

interface Judged {
  readonly name: string
  readonly wanted: Register | undefined
  readonly difference?: RowDifference
}

const judge = (compared: Compared, name: string): Judged => {
  const { key, seen, logged, lift } = compared
  const stored = seen?.registers[name]
  const known = logged?.registers.get(name)
  const said = known && !known.gone ? { rank: known.rank, value: known.value } : undefined
  const finding = findingOf(compared, name, stored, known)
  if (!finding) return { name, wanted: stored }
  const isUnknown = stored !== undefined && stored.rank > (known?.rank ?? 0)
  const stays = !lift && isUnknown && refuses(key, name, stored)
  const difference = { row: key, register: name, finding, stored, logged: said, stays }
  return { name, wanted: stays ? stored : said, difference }
}

const findingOf = (
  compared: Compared,
  name: string,
  stored: Register | undefined,
  known: LoggedRegister | undefined,
): Finding | undefined => {
  const { seen, logged } = compared
  if (seen?.unreadable.some((one) => one === name || one === WHOLE_ROW)) return 'unreadable'
  const over = isOver(logged, compared)
  if (!known || known.gone) {
    if (!stored) return undefined
    return known && stored.rank <= known.rank ? 'behind' : 'unexplained'
  }
  if (!stored) return over ? undefined : 'missing'
  if (stored.rank < known.rank) return over ? undefined : 'behind'
  if (stored.rank > known.rank) return 'ahead'
  return canonicalJson(stored.value) === canonicalJson(known.value) ? undefined : 'altered'
}

/** Not a register; asked about under this name. */
export const SWEEP_AFTER = 'sweepAfter'

/** A tombstone that is swept early opens what it refused. */
const judgeSweep = (
  { key, seen, logged, isAsked }: Compared,
  stays: boolean,
): { wanted: number; difference?: RowDifference } => {
  const known = logged?.sweepAfter ?? 0
  const stored = seen?.sweepAfter ?? 0
  const wanted = stays ? Math.max(stored, known) : known
  const isUnreadable = seen?.unreadable.includes(SWEEP_AFTER) ?? false
  if (!isAsked(SWEEP_AFTER)) return { wanted: stored }
  if (!seen) return { wanted }
  if (stored === wanted && !isUnreadable) return { wanted }
  if (Object.keys(seen.registers).length === 0 && !logged) return { wanted }
  const registerOf = (value: number): Register | undefined => (value > 0 ? { rank: 0, value } : undefined)
  const finding = isUnreadable ? 'unreadable' : 'altered'
  const told = { stored: registerOf(stored), logged: registerOf(known), stays: false }
  return { wanted, difference: { row: key, register: SWEEP_AFTER, finding, ...told } }
}

const wantedRow = (
  { seen, isAsked }: Compared,
  judged: readonly Judged[],
  sweepAfter: number,
): Row | undefined => {
  const others = Object.entries(seen?.registers ?? {}).filter(([name]) => !isAsked(name))
  const asked = judged.flatMap(({ name, wanted }) => (wanted ? [[name, wanted] as const] : []))
  const registers = Object.fromEntries([...others, ...asked])
  if (Object.keys(registers).length === 0) return undefined
  return { registers, ...(sweepAfter > 0 && { sweepAfter }) }
}

/** One line that a person can read: the row, what is wrong with which register, what is there, what the log says. */
export const describeDifference = ({ row, register, finding, stored, logged }: RowDifference): string =>
  `${row}  ${register}  ${finding}  stored ${described(stored)}  log ${described(logged)}`

const MOST_CHARACTERS = 160

const described = (register: Register | undefined): string => {
  if (!register) return 'nothing'
  const text = canonicalJson(register.value satisfies Json)
  const short = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
  return register.rank > 0 ? `${register.rank}: ${short}` : short
}
