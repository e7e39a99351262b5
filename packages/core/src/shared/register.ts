import type { Json } from './json.ts'

/**
 * One write to the read model. A row is a set of named registers; a register is taken over only by a higher rank,
 * so that repeated, late and reordered deliveries change nothing. `null` empties the register and keeps its rank.
 */
export interface RegisterWrite {
  readonly row: string
  readonly register: string
  readonly rank: number
  readonly value: Json
  /** `command`: written in the transaction of the command that caused it, because it takes access away. */
  readonly by: 'command' | 'projector'
  /** NumericDate after which the whole row may be swept. A row keeps the latest it was given. */
  readonly sweepAfter?: number
  /**
   * The register leaves the row, and its rank with it. Only where nothing lower can come later: every write of the register
   * is made in the transaction that gives it its rank.
   */
  readonly forget?: boolean
}

export interface Register {
  readonly rank: number
  readonly value: Json
}

export interface Row {
  readonly registers: Readonly<Record<string, Register>>
  readonly sweepAfter?: number
}

const EMPTY: Row = { registers: {} }

/** The row after the write; the same row when a higher or equal rank, and as late a sweep, are there already. */
export const applyWrite = (row: Row | undefined, write: RegisterWrite): Row => {
  const { registers, sweepAfter } = row ?? EMPTY
  const present = registers[write.register]
  const overtaken = present !== undefined && present.rank >= write.rank
  const latest = Math.max(sweepAfter ?? 0, write.sweepAfter ?? 0)
  if (row && overtaken && latest === (sweepAfter ?? 0)) return row
  return {
    registers: overtaken ? registers : withWritten(registers, write),
    ...(latest > 0 && { sweepAfter: latest }),
  }
}

const withWritten = (registers: Row['registers'], { register, rank, value, forget }: RegisterWrite) => {
  if (!forget) return { ...registers, [register]: { rank, value } }
  const { [register]: _, ...rest } = registers
  return rest
}
