import type { EventOf } from '@countersign/core/events'
import type { Violate } from './violation.ts'

const DAYS = [30, 7, 1] as const
const DAY_MILLISECONDS = 86_400_000
/** Clocks that differ, and whole seconds. */
const TOLERANCE_MILLISECONDS = 10_000

/** A token's life, in milliseconds since the epoch. */
interface Life {
  readonly id: string
  readonly issuedAt: number
  readonly expiresAt: number
}

/** Which reminders went out, of the log alone. */
export const createReminderWatch = (violate: Violate) => {
  const said = new Map<string, number>()
  return {
    told: ({ type, subject, time, data }: EventOf): void => {
      if (type !== 'token.expiring') return
      const { days, expiresAt } = data
      const left = Date.parse(expiresAt) - Date.parse(time)
      const before = said.get(subject)
      if (before !== undefined && before <= days)
        violate('reminded-once', `${subject} is told of ${days} days after it was told of ${before}`)
      if (left <= 0 || left > days * DAY_MILLISECONDS)
        violate('reminded-once', `${subject} has ${left} ms left when it is told of ${days} days`)
      said.set(subject, days)
    },
    /** After a run of the schedule; only of those that somebody needs to be told of. */
    checkTold: ({ id, issuedAt, expiresAt }: Life, now: number): void => {
      const left = expiresAt - now
      const isDue = (days: number) => {
        const at = days * DAY_MILLISECONDS
        return left + TOLERANCE_MILLISECONDS < at && expiresAt - issuedAt > at
      }
      const due = DAYS.findLast(isDue)
      if (due !== undefined && left > TOLERANCE_MILLISECONDS && (said.get(id) ?? Infinity) > due)
        violate('reminded-once', `${id} ends in ${left} ms, and nobody was told`)
    },
  }
}
