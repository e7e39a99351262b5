import type { QuotaPeriod } from './usage-plan.ts'

export interface Period {
  /** Inclusive, and exclusive. */
  readonly start: Date
  readonly end: Date
}

/** The period of the calendar in UTC that holds `now`; a week begins on Sunday (API Gateway's `offset` 0). */
export const periodAt = (period: QuotaPeriod, now: Date): Period => {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
  switch (period) {
    case 'day':
      return between(Date.UTC(year, month, day), Date.UTC(year, month, day + 1))
    case 'week': {
      const sunday = day - now.getUTCDay()
      return between(Date.UTC(year, month, sunday), Date.UTC(year, month, sunday + 7))
    }
    case 'month':
      return between(Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1))
  }
}

const between = (start: number, end: number): Period => ({ start: new Date(start), end: new Date(end) })
