import type { Register, Row } from '../shared/register.ts'

/** A row as the store has it, whatever wrote it: a rebuild looks at rows that nothing else can read. */
export interface StoredRow {
  readonly key: string
  /** Those that can be read. */
  readonly registers: Readonly<Record<string, Register>>
  readonly sweepAfter?: number
  /** What cannot be read: registers by name, members of the row (`sweepAfter`), or `WHOLE_ROW`. */
  readonly unreadable: readonly string[]
  /** As it is stored; for `mend` alone, which compares it. */
  readonly exact: unknown
}

export const WHOLE_ROW = '*'

/** The read model past its own rules: for a rebuild, which finds what those rules keep out. */
export interface StoredRows {
  /** The rows that exist, by key; strongly consistent. */
  inspect(keys: readonly string[]): Promise<ReadonlyMap<string, StoredRow>>
  /** Every row once, in an order that `after` (the key of the last one seen) goes on in; page by page. */
  inspectAll(after?: string): AsyncIterable<StoredRow>
  /**
   * Makes the row what is wanted (`undefined`: no row), whatever the ranks, provided that all it touches is what was seen
   * (`undefined`: there was none); otherwise nothing happens and the answer is false. Registers that nobody saw stay.
   */
  mend(key: string, seen: StoredRow | undefined, wanted: Row | undefined): Promise<boolean>
}
