/** One line of the report. */
export interface Figure {
  /** Unique in the whole run: what the baseline knows it by. */
  readonly name: string
  readonly value: number
  readonly unit: 'µs' | 'ms' | 'B' | 'kB' | 'x' | '/s' | 'requests' | 'reads' | 'units' | 'rows' | '$'
  /** What it was measured against, or under which load. */
  readonly against: string
  /** What the platform promises of it. */
  readonly limit?: Limit
  /**
   * The part that does not depend on the machine, kept in the baseline: a ratio to something measured in the same run,
   * or a size. Larger is worse.
   */
  readonly ratio?: number
}

export interface Limit {
  readonly is: 'at most' | 'at least' | 'exactly'
  readonly value: number
}

/** Measures, and says what came out. */
export type Bench = () => Promise<readonly Figure[]>

export const isMet = ({ value, limit }: Figure): boolean => {
  switch (limit?.is) {
    case undefined:
      return true
    case 'at most':
      return value <= limit.value
    case 'at least':
      return value >= limit.value
    case 'exactly':
      return value === limit.value
  }
}

export const atMost = (value: number): Limit => ({ is: 'at most', value })
export const atLeast = (value: number): Limit => ({ is: 'at least', value })
export const exactly = (value: number): Limit => ({ is: 'exactly', value })
