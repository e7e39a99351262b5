import type { EventOf } from '../events/catalog.ts'
import type { Register, RegisterWrite } from '../shared/register.ts'
import { project } from './projection.ts'

/** What the log says of a register; `gone` when it left its row with that rank. */
export interface LoggedRegister extends Register {
  readonly gone: boolean
}

/** What the log says of a row. */
export interface LoggedRow {
  readonly registers: ReadonlyMap<string, LoggedRegister>
  readonly sweepAfter: number
}

/** Events made into rows, one after the other, of the rows alone that somebody asks about. */
export interface LogFold {
  add(event: EventOf): void
  row(key: string): LoggedRow | undefined
  keys(): Iterable<string>
}

interface Folded extends LoggedRow {
  readonly registers: Map<string, LoggedRegister>
  sweepAfter: number
}

/** The same as `rebuild`, and it remembers what was forgotten, so that a late mark is told from one nobody knows of. */
export const foldOf = (isAsked: (row: string, register: string) => boolean): LogFold => {
  const rows = new Map<string, Folded>()

  const put = ({ row, register, rank, value, sweepAfter = 0, forget = false }: RegisterWrite): void => {
    const folded = rows.get(row) ?? { registers: new Map(), sweepAfter: 0 }
    rows.set(row, folded)
    folded.sweepAfter = Math.max(folded.sweepAfter, sweepAfter)
    const present = folded.registers.get(register)
    if (present === undefined || present.rank < rank)
      folded.registers.set(register, { rank, value, gone: forget })
  }

  return {
    add: (event) => {
      for (const write of project(event)) if (isAsked(write.row, write.register)) put(write)
    },
    row: (key) => rows.get(key),
    keys: () => rows.keys(),
  }
}
